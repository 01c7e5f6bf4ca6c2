// SPDX-License-Identifier: Apache-2.0
#include "neurons/model_info.h"

#include <cstring>

#include "neurons/model_list.h"  // generated from the files in models/

namespace axfire {

namespace {
#define AXFIRE_INFO(model) &model::kInfo,
constexpr const ModelInfo* kModels[] = {AXFIRE_MODELS(AXFIRE_INFO) nullptr};
#undef AXFIRE_INFO
}  // namespace

const ModelInfo* const* all_models() {
    return kModels;
}

const ModelInfo* find_model(const char* name) {
    for (const ModelInfo* const* m = kModels; *m != nullptr; ++m) {
        if (std::strcmp((*m)->name, name) == 0) {
            return *m;
        }
    }
    return nullptr;
}

}  // namespace axfire
