// SPDX-License-Identifier: Apache-2.0
// Stands for the library's header in users' files: memcpy is the compiler's own.
