// SPDX-License-Identifier: Apache-2.0
// Error figures as a table writes them: four decimals of a percentage, five of a distance, more where they are small.
#pragma once

#include <string>

namespace axfire::cli {

std::string percent(double fraction);            ///< 68.3594 %
std::string percent_with_sign(double fraction);  ///< +1.0674 %
std::string plain(double value);                 ///< 2.87500
std::string with_sign(double value);             ///< -3.13672
std::string whole(double value);                 ///< 1826817; as `plain` where it is no whole number

}  // namespace axfire::cli
