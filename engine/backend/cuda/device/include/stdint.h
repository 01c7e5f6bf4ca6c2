// SPDX-License-Identifier: Apache-2.0
// Stands for the library's header in users' files, which may include it in a namespace and more than once: the types are
// there already, save those that are seldom used.
typedef unsigned char uint_least8_t;
typedef unsigned short uint_least16_t;
typedef unsigned int uint_least32_t;
typedef unsigned int uint_fast32_t;
typedef unsigned long long uint_least64_t;
typedef unsigned long long uintmax_t;
typedef long long intmax_t;
#define UINT8_MAX 255
#define UINT16_MAX 65535
#define INT32_MAX 2147483647
#define UINT32_MAX 4294967295u
#define UINT64_MAX 18446744073709551615ull
#define UINT32_C(x) x##u
#define UINT64_C(x) x##ull
