// SPDX-License-Identifier: Apache-2.0
// The verbs of the command. Each adds itself, its flags and what it does when called.
#pragma once

#include <CLI/CLI.hpp>

namespace axfire::cli {

void add_run(CLI::App& app);
void add_convert(CLI::App& app);
void add_inspect(CLI::App& app);
void add_arith(CLI::App& app);
void add_export(CLI::App& app);
void add_info(CLI::App& app);
void add_bench(CLI::App& app);
void add_train(CLI::App& app);
void add_retrain(CLI::App& app);

// Of `arith`.
void add_list(CLI::App& arith);
void add_characterize(CLI::App& arith);
void add_circuit(CLI::App& arith);
void add_tabulate(CLI::App& arith);

/// The whole command. Returns the exit code: 0, 1 for a run that failed, 2 for a bad argument or file.
int main(int argc, char** argv);

}  // namespace axfire::cli
