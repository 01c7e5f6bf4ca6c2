// SPDX-License-Identifier: Apache-2.0
// What `arith characterize` found, as text, JSON, CSV and a picture.
#pragma once

#include <string>
#include <vector>

#include "engine/characterize/characterize.h"

namespace axfire::cli {

/// One measurement under its name in the output.
struct CharacterizedPart {
    const char* name;  ///< integer, significands or operation
    std::string unit;  ///< in which MED, MSE (squared), WCE and bias count
    Measurement measured;
    std::vector<AdditionRow> rows{};
};

struct Characterization {
    std::string unit;  ///< the canonical spec; of a bare circuit without @format
    Operation op = Operation::add;
    u32 bits = 0;  ///< of the operands: n, or M+1
    Sampling sampling;
    std::vector<CharacterizedPart> parts;  ///< the first has the primary figures
};

std::string characterization_text(const Characterization& c);
/// One object: the primary figures at the top, and each part under its name.
std::string characterization_json(const Characterization& c);
/// A line for each part and each row of an addition.
std::string characterization_csv(const Characterization& c);
/// A heat map of the first part.
std::string characterization_svg(const Characterization& c);

}  // namespace axfire::cli
