// SPDX-License-Identifier: Apache-2.0
#include "engine/cli/commands.h"

int main(int argc, char** argv) {
    return axfire::cli::main(argc, argv);
}
