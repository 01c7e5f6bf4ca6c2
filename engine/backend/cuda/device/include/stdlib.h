// SPDX-License-Identifier: Apache-2.0
// Stands for the library's header in users' files: nothing of it is offered.
