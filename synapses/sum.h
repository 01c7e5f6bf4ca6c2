// SPDX-License-Identifier: Apache-2.0
// A sum in the order that its adder defines.
#pragma once

#include "arith/ordinary_functors.h"
#include "synapses/views.h"

namespace axfire::AXFIRE_ISA {

/// Known when compiled: nothing is grouped, and the code that would do so need not be made.
template <class Add>
concept AlwaysSequential = requires {
    requires Add::order()
    == Order::sequential;
};

/// B sums side by side over the same indices. For each index that is present, ascending: `open(index)`, then `take`
/// each term; `close` completes them. An absent index leaves its place in the grouping empty.
template <class U, u32 B, class Add>
struct Sum {
    const Add& add;
    const RandomSite& site;
    U output[B];  ///< the outputs' indices
    U value[B] = {};

    AXFIRE_FN Sum(const Add& adder, const RandomSite& where, const U (&outputs)[B]) : add(adder), site(where) {
        for (u32 j = 0; j < B; ++j) {
            output[j] = outputs[j];
        }
    }

    AXFIRE_FN void open(u32 index) {
        if constexpr (!AlwaysSequential<Add>) {
            group(index);
        }
        started = true;
    }

    AXFIRE_FN void take(u32 j, u32 index, const U& term) {
        value[j] =
            add.order() == Order::tree ? term : added(value[j], term, Draw<U>{site, output[j], index, Role::sum});
    }

    // Written out, without an index that varies, so that the sums stay in registers:
    /// Takes term(j) for each sum j.
    template <u32 kFirst = 0, class F>
    AXFIRE_FN void take_each(u32 index, const F& term) {
        if constexpr (kFirst < B) {
            take(kFirst, index, term(kFirst));
            take_each<kFirst + 1>(index, term);
        }
    }
    template <u32 kFirst = 0>
    AXFIRE_FN void bring_out(U (&totals)[B]) const {
        if constexpr (kFirst < B) {
            totals[kFirst] = value[kFirst];
            bring_out<kFirst + 1>(totals);
        }
    }

    AXFIRE_FN void close() {
        if constexpr (!AlwaysSequential<Add>) {
            if (add.order() == Order::blocked && depth != 0) {
                join_block();
                for (u32 j = 0; j < B; ++j) {
                    value[j] = waiting[0][j];
                }
            }
            while (add.order() == Order::tree && depth > 0) {
                join_top();
            }
        }
    }

    bool started = false;  ///< an index was opened
    U reach{};             ///< of watchful adders: the largest so far

private:
    AXFIRE_FN U added(const U& acc, const U& x, const Draw<U>& draw) {
        if constexpr (Watchful<Add>) {
            return add.watched(acc, x, reach);
        } else {
            return add(acc, x, draw);
        }
    }
    /// Completes what the index does not belong to any more.
    AXFIRE_FN void group(u32 index) {
        if (add.order() == Order::blocked) {
            const u32 block = index / add.block() * add.block();
            if (started && block != last) {
                join_block();
            }
            last = block;
        } else if (add.order() == Order::tree && started) {
            // Of the subtrees to the left, those that the index lies outside of are complete.
            u32 height = 0;
            while ((last ^ index) >> height > 1) {
                ++height;
            }
            while (depth > 0 && leaf[depth - 1] >> height == last >> height) {
                join_top();
            }
            leaf[depth] = last;
            for (u32 j = 0; j < B; ++j) {
                waiting[depth][j] = value[j];
            }
            ++depth;
            last = index;
        } else {
            last = index;
        }
    }

    /// The left neighbour on the stack and the current subtree become one. What names the operation is the first index
    /// of the right half.
    AXFIRE_FN void join_top() {
        --depth;
        u32 height = 0;
        while ((leaf[depth] ^ last) >> height > 1) {
            ++height;
        }
        const u32 right = last >> height << height;
        for (u32 j = 0; j < B; ++j) {
            value[j] = add(waiting[depth][j], value[j], Draw<U>{site, output[j], right, Role::join});
        }
    }

    AXFIRE_FN void join_block() {
        for (u32 j = 0; j < B; ++j) {
            waiting[0][j] =
                depth == 0 ? value[j] : add(waiting[0][j], value[j], Draw<U>{site, output[j], last, Role::join});
            value[j] = U{};
        }
        depth = 1;
    }

    u32 last = 0;      ///< index (tree) or first index of the block (blocked)
    u32 depth = 0;     ///< tree: subtrees that wait for their right neighbours; blocked: 1 once a block is complete
    u32 leaf[25];      ///< tree: a leaf of each
    U waiting[25][B];  ///< indices are below 2^24
};

}  // namespace axfire::AXFIRE_ISA
