/* SPDX-License-Identifier: Apache-2.0 */
#define kNothing 0u
