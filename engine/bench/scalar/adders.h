// SPDX-License-Identifier: Apache-2.0
// The significand adders of docs/arithmetic.md: n-bit a and b, parameters in the order of the catalogue. What stands
// above the n bits of the result does not count.
#pragma once

#include <cstdint>

namespace axfire::scalar {

using Bits = std::uint32_t;

inline Bits low(unsigned k) {
    return (Bits{1} << k) - 1;
}
inline Bits bit(Bits x, unsigned i) {
    return (x >> i) & 1;
}
/// The exact part above the k low bits, with a carry-in.
inline Bits upper(Bits a, Bits b, unsigned k, Bits carry) {
    return ((a >> k) + (b >> k) + carry) << k;
}

inline Bits loa(Bits a, Bits b, int, const unsigned* p) {
    const unsigned k = p[0];
    if (k == 0) {
        return a + b;
    }
    return upper(a, b, k, bit(a & b, k - 1)) | ((a | b) & low(k));
}

inline Bits loawa(Bits a, Bits b, int, const unsigned* p) {
    return upper(a, b, p[0], 0) | ((a | b) & low(p[0]));
}

inline Bits eta1(Bits a, Bits b, int, const unsigned* p) {
    const unsigned k = p[0];
    Bits sum = upper(a, b, k, 0);
    for (unsigned i = k; i-- > 0;) {
        if (bit(a & b, i) != 0) {
            return sum | low(i + 1);
        }
        sum |= (a ^ b) & (Bits{1} << i);
    }
    return sum;
}

inline Bits heaa(Bits a, Bits b, int, const unsigned* p) {
    const unsigned k = p[0];
    const Bits carry = bit(a & b, k - 1);
    Bits sum = (a | b) & low(k);
    if (carry != 0) {
        sum &= ~(Bits{1} << (k - 1));
    }
    return upper(a, b, k, carry) | sum;
}

/// k, t, carry (0: and, 1: none)
inline Bits oloca(Bits a, Bits b, int, const unsigned* p) {
    const unsigned k = p[0];
    const Bits carry = p[2] == 0 && k > 0 ? bit(a & b, k - 1) : 0;
    return upper(a, b, k, carry) | ((a | b) & low(k)) | low(p[1]);
}

inline Bits hoeraa(Bits a, Bits b, int, const unsigned* p) {
    const unsigned k = p[0];
    const Bits carry = bit(a & b, k - 1);
    const Bits top = carry != 0 ? bit(a & b, k - 2) : bit(a | b, k - 1);
    return upper(a, b, k, carry) | top << (k - 1) | bit(a | b, k - 2) << (k - 2) | low(k - 2);
}

inline Bits hoaaned(Bits a, Bits b, int, const unsigned* p) {
    const unsigned k = p[0];
    const Bits carry = bit(a & b, k - 1);
    const Bits top = (carry != 0 ? 0 : bit(a | b, k - 1)) | bit(a & b, k - 2);
    return upper(a, b, k, carry) | top << (k - 1) | bit(a | b, k - 2) << (k - 2) | low(k - 2);
}

inline Bits herloa(Bits a, Bits b, int, const unsigned* p) {
    const unsigned k = p[0];
    const Bits one = bit(a ^ b, k - 1);
    const Bits pair = bit(a & b, k - 2);
    Bits sum = (a | b) & low(k - 2);
    if (one != 0 && pair != 0) {
        sum = low(k - 2);
    }
    if (one != 0 || pair != 0) {
        sum |= Bits{1} << (k - 1);
    }
    if (one != 0 || pair == 0) {
        sum |= bit(a | b, k - 2) << (k - 2);
    }
    return upper(a, b, k, bit(a & b, k - 1)) | sum;
}

inline Bits mherloa(Bits a, Bits b, int n, const unsigned* p) {
    return herloa(a, b, n, p) | (p[0] > 4 ? low(p[0] - 4) : 0);
}

inline Bits seta(Bits a, Bits b, int n, const unsigned* p) {
    const unsigned k = p[0];
    return loa(a, b, n, p) | (bit(a & b, k - 2) != 0 ? low(k - 2) : 0);
}

inline Bits ama5(Bits a, Bits b, int, const unsigned* p) {
    const unsigned k = p[0];
    return upper(a, b, k, k > 0 ? bit(a, k - 1) : 0) + (b & low(k));
}

/// k, t
inline Bits ldca(Bits a, Bits b, int n, const unsigned* p) {
    return ama5(a, b, n, p) | low(p[1]);
}

inline Bits lzta(Bits a, Bits b, int, const unsigned* p) {
    const unsigned k = p[0];
    return upper(a, b, k, k > 0 ? bit(a | b, k - 1) : 0);
}

inline Bits trunc0(Bits a, Bits b, int, const unsigned* p) {
    return upper(a, b, p[0], 0);
}

inline Bits trunc1(Bits a, Bits b, int, const unsigned* p) {
    return upper(a, b, p[0], 0) | low(p[0]);
}

inline Bits copy(Bits a, Bits b, int, const unsigned* p) {
    return upper(a, b, p[0], 0) | (b & low(p[0]));
}

/// Sub-adders of r result bits above p that predict the carry, one after the other.
inline Bits sub_adders(Bits a, Bits b, int n, unsigned r, unsigned p) {
    const Bits mask = low(r + p);
    Bits sum = ((a & mask) + (b & mask)) & mask;
    for (unsigned start = r; start + p < static_cast<unsigned>(n); start += r) {
        const Bits part = ((a >> start) & mask) + ((b >> start) & mask);
        sum |= ((part >> p) & low(r)) << (start + p);
    }
    return sum;
}

/// r, p
inline Bits gear(Bits a, Bits b, int n, const unsigned* p) {
    return sub_adders(a, b, n, p[0], p[1]);
}
inline Bits aca(Bits a, Bits b, int n, const unsigned* p) {
    return sub_adders(a, b, n, 1, p[0] - 1);
}
inline Bits eta2(Bits a, Bits b, int n, const unsigned* p) {
    return sub_adders(a, b, n, p[0], p[0]);
}

}  // namespace axfire::scalar
