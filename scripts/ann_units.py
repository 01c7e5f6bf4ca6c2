#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a trained conventional network with formats, adders and multipliers and writes docs/results/resnet20_units.md.

usage: ann_units.py [--axfire PROGRAM] [--data FOLDER] [--samples N] [--output FILE]

Needs numpy. The folder holds models/cifar10_resnet20.onnx, cifar10/test_batch.bin and evoapprox/*.i32.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FORMATS = ["bf16", "fp16", "fp8_e4m3"]
ADDERS = [f"loa(k={k})@fp32" for k in (8, 12, 16, 19)]
MULTIPLIERS = ["mitchell@bf16", "drum(k=4)@bf16", "drum(k=6)@bf16"]
TABLE = "mul8u_2AC"  # of EvoApproxLib
WITH = "loa(k=12)@fp32"  # the approximate adder beside each multiplier


def main():
    parser = argparse.ArgumentParser(description="ResNet-20 with formats, adders and multipliers.")
    parser.add_argument("--axfire", default=os.path.join(ROOT, "build/release/bin/axfire"))
    parser.add_argument("--data", default=os.environ.get("AXFIRE_DATA"), help="default: $AXFIRE_DATA")
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--output", default=os.path.join(ROOT, "docs/results/resnet20_units.md"))
    options = parser.parse_args()
    if not options.data:
        parser.error("name the folder of images and networks: --data, or AXFIRE_DATA")
    command = ["run", f"{options.data}/models/cifar10_resnet20.onnx", "--data", f"cifar10:{options.data}/cifar10",
               "--samples", str(options.samples)]

    def run(mul, add):
        arguments = [*command, "--mul", mul, "--add", add, "-q", "--json"]
        result = subprocess.run([options.axfire, *arguments], capture_output=True, text=True)
        if result.returncode != 0:
            sys.exit(f"{' '.join(arguments)}: {result.stderr.strip()}")
        summary = json.loads(result.stdout)
        correct = round(summary["accuracy"] * options.samples)
        print(f"{mul} {add}: {correct} of {options.samples}, {summary['samples_per_second']:.1f} samples/s", flush=True)
        return correct, summary

    exact, summary = run("exact@fp32", "exact@fp32")

    def row(mul, add, name=None):
        correct, _ = run(mul, add)
        return (f"| {name or mul} | {add} | {100 * correct / options.samples:.1f} % | "
                f"{100 * (correct - exact) / options.samples:+.1f} |")

    rows = []
    for form in FORMATS:
        rows += [row(f"exact@{form}", f"exact@{form}"), row(f"exact@{form}", "exact@fp32")]
    rows += [row("exact@fp32", add) for add in ADDERS]
    with tempfile.TemporaryDirectory() as folder:
        table = os.path.join(folder, "table.npy")
        products = np.fromfile(f"{options.data}/evoapprox/{TABLE}.i32", dtype="<i4").reshape(256, 256)
        np.save(table, products)
        for mul, name in [*((m, None) for m in MULTIPLIERS), (f"table(file={table})@bf16", f"table({TABLE})@bf16")]:
            rows += [row(mul, "exact@fp32", name), row(mul, WITH, name)]
    lines = [
        "# ResNet-20 on approximate arithmetic", "",
        f"Made by `scripts/ann_units.py` with axfire {summary['axfire']}; no figure here is typed by hand.", "",
        "The network is a ResNet-20 for CIFAR-10 (He et al., CVPR 2016), trained in exact arithmetic by akamaster/pytorch_resnet_cifar10 "
        f"with batch normalisation folded, {summary['dense_multiply_accumulates']:,} multiply-accumulates an image; the data are the first "
        f"{options.samples:,} test images of CIFAR-10 (Krizhevsky, 2009). Nothing was retrained. Every product goes through the multiplier, every sum, "
        "residual additions and pooling included, through the adder. "
        f"One image is {100 / options.samples:.1f} percentage points. Exact binary32: {100 * exact / options.samples:.1f} %.", "",
        "    axfire run $AXFIRE_DATA/models/cifar10_resnet20.onnx --data cifar10:$AXFIRE_DATA/cifar10 --samples "
        f"{options.samples} --mul M --add A", "",
        f"table({TABLE}) is the product table of that circuit of EvoApproxLib (Mrazek et al., DATE 2017).", "",
        "| multiplier | adder | accuracy | points |", "|---|---|---|---|", *rows]
    os.makedirs(os.path.dirname(os.path.abspath(options.output)), exist_ok=True)
    with open(options.output, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    print(options.output)


main()
