#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a gate-level C model of an 8x8 array multiplier without the columns below V, as circuit libraries publish them:
one line a gate. usage: make_gates.py V > mul8u_TR<V>.c"""

import sys

N = 8


def main() -> None:
    v = int(sys.argv[1])
    lines, gates = [], 0

    def gate(expression: str) -> str:
        nonlocal gates
        gates += 1
        lines.append(f"  sig_{gates} = {expression};")
        return f"sig_{gates}"

    columns = [[] for _ in range(2 * N + 1)]
    for i in range(N):
        for j in range(N):
            if i + j >= v:
                columns[i + j].append(gate(f"((A >> {i}) & 1) & ((B >> {j}) & 1)"))
    for c in range(2 * N):
        while len(columns[c]) > 1:
            x, y = columns[c].pop(0), columns[c].pop(0)
            p, g = gate(f"{x} ^ {y}"), gate(f"{x} & {y}")
            if columns[c]:
                z = columns[c].pop(0)
                q, h = gate(f"{p} ^ {z}"), gate(f"{p} & {z}")
                columns[c].append(q)
                columns[c + 1].append(gate(f"{g} | {h}"))
            else:
                columns[c].append(p)
                columns[c + 1].append(g)
    print(f"/* mul8u_TR{v}: 8x8-bit unsigned array multiplier without the partial products below column {v}; {gates} gates.")
    print(f" * Written by tests/models/make_gates.py {v}. */")
    print("#include <stdint.h>\n#include <stdlib.h>\n")
    print(f"uint64_t mul8u_TR{v}(const uint64_t A, const uint64_t B)\n{{\n  uint64_t O = 0;")
    print("  uint8_t " + ", ".join(f"sig_{k}" for k in range(1, gates + 1)) + ";")
    print("\n".join(lines))
    for c in range(2 * N):
        if columns[c]:
            print(f"  O |= (uint64_t){columns[c][0]} << {c};")
    print("  return O;\n}")


main()
