// SPDX-License-Identifier: Apache-2.0
// Stands for the library's header in users' files: size_t is the compiler's own.
