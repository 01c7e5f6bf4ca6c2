// SPDX-License-Identifier: Apache-2.0
// Stands for the library's header in users' files: bool, true and false are words of the language.
