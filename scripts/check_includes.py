#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that includes point one way: arith <- neurons, synapses, datasets <- engine, and within the engine."""

import pathlib
import re
import sys

ENGINE = {
    "engine/network": ["engine/network"],
    "engine/backend": ["engine/backend"],
    "engine/formats": ["engine/formats", "engine/network"],
    "engine/record": ["engine/record", "engine/formats"],
    "engine/report": ["engine/report", "engine/record", "engine/formats"],
    "engine/models": ["engine/models", "engine/backend", "engine/formats"],
    "engine/characterize": ["engine/characterize", "engine/models", "engine/backend"],
    "engine/simulation": ["engine/simulation", "engine/models", "engine/backend", "engine/network", "engine/record/trace.h"],
    "engine/convert": ["engine/convert", "engine/simulation", "engine/network"],
    "engine/train": ["engine/train", "engine/simulation", "engine/backend", "engine/network", "engine/formats", "engine/report/svg.h"],
    "engine/bench": ["engine/bench", "engine/characterize", "engine/simulation", "engine/models", "engine/backend", "engine/network"],
    "engine/cli": ["engine"],
}
BELOW = ["arith", "neurons", "synapses", "datasets"]
ALLOWED = {
    "arith": ["arith"],
    "neurons": ["arith", "neurons"],
    "synapses": ["arith", "synapses"],
    "datasets": ["arith", "datasets"],
    **{folder: BELOW + own + ["engine/version.h"] for folder, own in ENGINE.items()},
    "engine/version.h": [],
}
# The arithmetic's headers are compiled for every device: no library beyond these. Specs as text are for the host.
HOST_HEADERS = {"arith/spec_parts.h"}
ARITH_HEADERS = {"cstdint", "cstring", "optional", "span", "string", "string_view", "stdexcept", "immintrin.h"}
PROJECT = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
SYSTEM = re.compile(r"^\s*#\s*include\s+<([^>]+)>", re.M)


def inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")


def faults(root: pathlib.Path):
    for folder, allowed in ALLOWED.items():
        top = root / folder
        files = [top] if top.is_file() else sorted(top.rglob("*"))
        for file in files:
            if file.suffix not in (".h", ".cpp", ".cu", ".cuh"):
                continue
            name = file.relative_to(root).as_posix()
            text = file.read_text(encoding="utf-8")
            for include in PROJECT.findall(text):
                if not any(inside(include, a) for a in allowed):
                    yield f"{name} includes {include}; {folder} may include only {', '.join(allowed) or 'nothing'}"
            if folder == "arith" and file.suffix == ".h" and name not in HOST_HEADERS:
                for include in SYSTEM.findall(text):
                    if include not in ARITH_HEADERS:
                        yield f"{name} includes <{include}>; arith's headers stand alone"


def main() -> int:
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent
    found = list(faults(root))
    for fault in found:
        print(fault, file=sys.stderr)
    print(f"{len(found)} includes point the wrong way")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
