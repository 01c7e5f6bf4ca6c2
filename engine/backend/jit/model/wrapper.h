/* SPDX-License-Identifier: Apache-2.0
 * Behind a user's file, in its own language, C or C++: calls its function AXFIRE_FUNCTION for single elements and for
 * groups of lanes. A file of its own, so that nothing of the user's meets the program's names, and a call of a whole
 * group, so that the compiler can make the user's scalar code a vector loop. */

#define AXFIRE_LANES 16 /* kModelLanes */
#ifdef __cplusplus
#define AXFIRE_EXPORT extern "C" __attribute__((visibility("default")))
static char axfire_whole_operation(float (*)(float, float));
template <class F>
static short axfire_whole_operation(F*);
#define AXFIRE_WHOLE (sizeof(axfire_whole_operation(&AXFIRE_FUNCTION)) == 1)
#define AXFIRE_RESULT decltype(AXFIRE_FUNCTION(0, 0))
#define AXFIRE_ASSERT static_assert
template <class T>
struct axfire_unsigned {
    static const bool value = T(-1) > T(0) && T(0.5) == T(0);
};
template <class T>
struct axfire_unsigned<T*> {
    static const bool value = false;
};
template <>
struct axfire_unsigned<void> {
    static const bool value = false;
};
#define AXFIRE_UNSIGNED (axfire_unsigned<AXFIRE_RESULT>::value)
#else
#define AXFIRE_EXPORT __attribute__((visibility("default")))
#define AXFIRE_WHOLE _Generic(&AXFIRE_FUNCTION, float (*)(float, float) : 1, default : 0)
#define AXFIRE_ASSERT _Static_assert
#define AXFIRE_UNSIGNED                                                                                             \
    _Generic(AXFIRE_FUNCTION(0, 0), unsigned char : 1, unsigned short : 1, unsigned int : 1, unsigned long : 1,     \
             unsigned long long : 1, default : 0)
#endif

AXFIRE_ASSERT(AXFIRE_WHOLE || AXFIRE_UNSIGNED,
              "axfire: a model is float f(float, float), or a function of two unsigned integers to an unsigned integer");

static __inline__ __attribute__((always_inline)) void axfire_call(unsigned int a, unsigned int b, unsigned int* lo,
                                                                  unsigned int* hi) {
    if (AXFIRE_WHOLE) {
        float x, y;
        __builtin_memcpy(&x, &a, sizeof x);
        __builtin_memcpy(&y, &b, sizeof y);
        const float r = (float)AXFIRE_FUNCTION(x, y);
        __builtin_memcpy(lo, &r, sizeof r);
        *hi = 0;
    } else {
        const unsigned long long r = (unsigned long long)AXFIRE_FUNCTION(a, b);
        *lo = (unsigned int)r;
        *hi = (unsigned int)(r >> 32);
    }
}

AXFIRE_EXPORT const int axfire_is_whole_operation = AXFIRE_WHOLE;

AXFIRE_EXPORT __attribute__((flatten)) void axfire_single(const unsigned int* a, const unsigned int* b,
                                                          unsigned int* lo, unsigned int* hi) {
    axfire_call(*a, *b, lo, hi);
}

AXFIRE_EXPORT __attribute__((flatten)) void axfire_lanes(const unsigned int* __restrict__ a,
                                                         const unsigned int* __restrict__ b,
                                                         unsigned int* __restrict__ lo,
                                                         unsigned int* __restrict__ hi) {
    int i;
    for (i = 0; i < AXFIRE_LANES; ++i) {
        axfire_call(a[i], b[i], &lo[i], &hi[i]);
    }
}

#ifdef AXFIRE_TRIAL
/* Reads pairs of operands from standard input, writes {lo, hi} of each to standard output. */
#ifdef __cplusplus
extern "C" {
#endif
long read(int, void*, __SIZE_TYPE__);
long write(int, const void*, __SIZE_TYPE__);
#ifdef __cplusplus
}
#endif

int main(void) {
    static unsigned int in[4096][2], out[4096][2];
    long size;
    while ((size = read(0, in, sizeof in)) > 0) {
        long i;
        const long count = size / (long)sizeof in[0];
        for (i = 0; i < count; ++i) {
            axfire_single(&in[i][0], &in[i][1], &out[i][0], &out[i][1]);
        }
        if (write(1, out, (__SIZE_TYPE__)count * sizeof out[0]) != count * (long)sizeof out[0]) {
            return 3;
        }
    }
    return 0;
}
#endif
