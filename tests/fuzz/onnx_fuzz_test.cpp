// SPDX-License-Identifier: Apache-2.0
// Damaged ONNX models: each is loaded, or refused with a one-line InputError, and nothing else.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <limits>
#include <random>

#include "engine/formats/load_network.h"
#include "tests/fuzz/damage.h"
#include "tests/fuzz/hdf5_fault.h"
#include "tests/support/data.h"
#include "tests/support/onnx_models.h"
#include "tests/support/seed.h"
#include "tests/support/temporary_folder.h"

namespace axfire {
namespace {

using testing::Bytes;
using testing::outcome;
using testing::TemporaryFolder;

Bytes bytes_of(const onnx::ModelProto& model) {
    const std::string text = model.SerializeAsString();
    return {text.begin(), text.end()};
}

struct Tally {
    int loaded = 0;
    int refused = 0;

    void add(const std::string& text) {
        ++(text.empty() ? loaded : refused);
        EXPECT_EQ(text.find("ended with signal"), std::string::npos) << text;
        EXPECT_EQ(text.find("far more memory"), std::string::npos) << text;
        EXPECT_EQ(text.find("does not end"), std::string::npos) << text;
    }
    void report() const {
        std::printf("[  damage  ] %d loaded, %d refused\n", loaded, refused);
        EXPECT_GT(refused, 0);
    }
};

TEST(OnnxFuzz, DamagedBytes) {
    const TemporaryFolder folder;
    std::mt19937_64 random = testing::test_random();
    Tally tally;
    for (std::size_t round = testing::samples(600); round > 0; --round) {
        const Bytes bytes = bytes_of(testing::random_network(random()));
        tally.add(outcome([&] { load_network(folder.write("m.onnx", testing::damaged(bytes, random))); }));
    }
    tally.report();
}

/// Well-formed changes to a well-formed model: other extents, attributes, names, types and data.
class Editor {
public:
    Editor(onnx::ModelProto& model, std::mt19937_64& random) : graph_(*model.mutable_graph()), random_(random) {}

    void edit() {
        auto& node = *graph_.mutable_node(static_cast<int>(below(static_cast<std::size_t>(graph_.node_size()))));
        switch (below(12)) {
            case 0:
                if (graph_.initializer_size() != 0) {
                    const int gone = static_cast<int>(below(static_cast<std::size_t>(graph_.initializer_size())));
                    graph_.mutable_initializer()->DeleteSubrange(gone, 1);
                }
                break;
            case 1:
            case 2:
                edit_tensor();
                break;
            case 3:
                if (node.input_size() != 0) {
                    *node.mutable_input(static_cast<int>(below(static_cast<std::size_t>(node.input_size())))) =
                        any_name();
                }
                break;
            case 4:
                node.add_input(any_name());
                break;
            case 5:
                node.mutable_input()->Clear();
                break;
            case 6:
                node.set_op_type(
                    graph_.node(static_cast<int>(below(static_cast<std::size_t>(graph_.node_size())))).op_type());
                break;
            case 7: {
                auto* dims = graph_.mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape();
                if (dims->dim_size() != 0) {
                    dims->mutable_dim(static_cast<int>(below(static_cast<std::size_t>(dims->dim_size()))))
                        ->set_dim_value(extreme());
                }
                break;
            }
            case 8:
                graph_.mutable_node()->SwapElements(
                    0, static_cast<int>(below(static_cast<std::size_t>(graph_.node_size()))));
                break;
            default:
                edit_attribute(node);
        }
    }

private:
    std::size_t below(std::size_t n) { return n == 0 ? 0 : static_cast<std::size_t>(random_() % n); }

    std::int64_t extreme() {
        constexpr std::int64_t kExtremes[] = {0,
                                              1,
                                              -1,
                                              2,
                                              3,
                                              7,
                                              1 << 16,
                                              1 << 30,
                                              std::int64_t{1} << 32,
                                              std::numeric_limits<std::int64_t>::max(),
                                              std::numeric_limits<std::int64_t>::min(),
                                              -2};
        return kExtremes[below(std::size(kExtremes))];
    }

    std::string any_name() {
        const auto& node = graph_.node(static_cast<int>(below(static_cast<std::size_t>(graph_.node_size()))));
        const bool initialiser = graph_.initializer_size() != 0 && below(2) == 0;
        return initialiser
                   ? graph_.initializer(static_cast<int>(below(static_cast<std::size_t>(graph_.initializer_size()))))
                         .name()
                   : node.output(0);
    }

    void edit_tensor() {
        if (graph_.initializer_size() == 0) {
            return;
        }
        auto& t =
            *graph_.mutable_initializer(static_cast<int>(below(static_cast<std::size_t>(graph_.initializer_size()))));
        switch (below(6)) {
            case 0:
                t.add_dims(extreme());
                break;
            case 1:
                if (t.dims_size() != 0) {
                    t.set_dims(static_cast<int>(below(static_cast<std::size_t>(t.dims_size()))), extreme());
                }
                break;
            case 2:
                t.set_data_type(static_cast<int>(below(20)));
                break;
            case 3:
                t.mutable_raw_data()->resize(t.raw_data().size() / 2);
                break;
            case 4:
                t.set_data_location(onnx::TensorProto::EXTERNAL);
                break;
            default:
                for (int i = 0; i < t.int64_data_size(); ++i) {
                    t.set_int64_data(i, extreme());
                }
                for (std::size_t i = 0; i + 8 <= t.raw_data().size() && i < 64; i += 8) {
                    const std::int64_t value = extreme();
                    std::memcpy(t.mutable_raw_data()->data() + i, &value, 8);
                }
        }
    }

    void edit_attribute(onnx::NodeProto& node) {
        if (node.attribute_size() == 0) {
            return;
        }
        auto& a = *node.mutable_attribute(static_cast<int>(below(static_cast<std::size_t>(node.attribute_size()))));
        switch (below(6)) {
            case 0:
                a.set_i(extreme());
                break;
            case 1:
                a.set_type(static_cast<onnx::AttributeProto::AttributeType>(1 + below(8)));
                break;
            case 2:
                a.add_ints(extreme());
                break;
            case 3:
                a.clear_ints();
                break;
            default:
                for (int i = 0; i < a.ints_size(); ++i) {
                    if (below(2) == 0) {
                        a.set_ints(i, extreme());
                    }
                }
                a.set_i(extreme());
                if (a.has_t()) {
                    for (std::size_t k = 0; k + 8 <= a.t().raw_data().size(); k += 8) {
                        const std::int64_t value = extreme();
                        std::memcpy(a.mutable_t()->mutable_raw_data()->data() + k, &value, 8);
                    }
                }
        }
    }

    onnx::GraphProto& graph_;
    std::mt19937_64& random_;
};

TEST(OnnxFuzz, EditedModels) {
    const TemporaryFolder folder;
    std::mt19937_64 random = testing::test_random();
    Tally tally;
    for (std::size_t round = testing::samples(1500); round > 0; --round) {
        onnx::ModelProto model = testing::random_network(random());
        for (std::size_t edits = 1 + random() % 3; edits > 0; --edits) {
            Editor(model, random).edit();
        }
        tally.add(outcome([&] { load_network(folder.write("m.onnx", bytes_of(model))); }));
    }
    tally.report();
}

TEST(OnnxFuzz, EveryPrefix) {
    const TemporaryFolder folder;
    const Bytes bytes = bytes_of(testing::random_network(7));
    const std::size_t step = std::max<std::size_t>(1, bytes.size() / testing::samples(200));
    for (std::size_t size = 0; size < bytes.size(); size += step) {
        const auto file =
            folder.write("cut.onnx", Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)));
        EXPECT_NE(outcome([&] { load_network(file); }), "") << size;
    }
}

TEST(OnnxFuzz, DamagedTrainedModels) {
    AXFIRE_REQUIRE_DATA(data);
    const TemporaryFolder folder;
    std::mt19937_64 random = testing::test_random();
    Tally tally;
    for (const char* name : {"cifar10_resnet20", "mnist_lenet_avgpool_99"}) {
        const Bytes bytes = testing::read_bytes(data + "/models/" + name + ".onnx");
        for (std::size_t round = testing::samples(60); round > 0; --round) {
            tally.add(outcome([&] { load_network(folder.write("m.onnx", testing::damaged(bytes, random))); }));
        }
    }
    tally.report();
}

}  // namespace
}  // namespace axfire
