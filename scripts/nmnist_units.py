#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs an N-MNIST network with every adder and every multiplier and writes docs/results/nmnist_units.md.

usage: nmnist_units.py [--axfire PROGRAM] [--data FOLDER] [--split Train|Test] [--output FILE]

Needs no packages. The units and their parameters are those that the program names, so a new one appears by itself.
"""

import argparse
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KS = [4, 8, 12, 16]
WIDTH = 26  # the adders' circuit in fp32, M + 3
SIGNIFICAND = 8  # the multipliers' circuit in bf16, M + 1


class Program:
    def __init__(self, path, data, split):
        self.path, self.data, self.split = path, data, split

    def say(self, *arguments, may_fail=False):
        result = subprocess.run([self.path, *arguments], capture_output=True, text=True)
        if result.returncode == 2 and may_fail:
            return None
        if result.returncode != 0:
            sys.exit(f"{' '.join(arguments)}: {result.stderr.strip()}")
        return result.stdout

    def units(self, kind):
        line = re.search(rf"^{kind}\s+(.*)$", self.say("info"), re.M).group(1)
        return [name for name in line.split(", ") if name != "exact"]

    def parameters(self, unit):
        """(name, least, required) of each parameter of a unit."""
        found = re.findall(r"^  (\w+) (\d+)\.\.\S+ \((required|optional|default)", self.say("arith", "describe", unit), re.M)
        return [(name, int(least), how == "required") for name, least, how in found]

    def command(self, *options):
        return ["run", f"{self.data}/nir/cnn_sinabs.nir", "--data", f"nmnist:{self.data}/nmnist/{self.split}", "--dt",
                "1", "--reset", "subtract", *options]

    def run(self, *options):
        # The general kernels give the same bits, and many short runs are sooner done without compiling for each.
        text = self.say(*self.command(*options), "--jit", "off", "-q", "--json", may_fail=True)
        if text is None:
            return None
        summary = json.loads(text)
        populations = [layer["spikes_per_sample"] for layer in summary["layers"] if layer["neurons"]]
        return {"accuracy": 100 * summary["accuracy"], "spikes": sum(populations), "output": populations[-1],
                "samples": summary["samples"], "version": summary["axfire"]}


def cell(result, exact):
    if result is None:
        return "-"
    return f"{result['accuracy']:.2f} % ({change(result, exact, 'spikes')}, {change(result, exact, 'output')})"


def change(result, exact, what):
    return f"{100 * (result[what] / exact[what] - 1):+.1f} %"


def spec(unit, values, form):
    return f"{unit}({','.join(f'{name}={value}' for name, value in values)})@{form}" if values else f"{unit}@{form}"


def breaks(series, exact, points):
    """The first setting at which accuracy is more than `points` below exact; None: it never is."""
    for setting, result in series:
        if result is not None and result["accuracy"] < exact["accuracy"] - points:
            return setting
    return None


def adder_section(program, exact):
    rows, others = [], []
    for unit in program.units("adders"):
        names = program.parameters(unit)
        if names and names[0][0] == "k":
            def settings(k):
                return [(n, k if n == "k" else k // 2) for n, _, required in names if required]
            scanned = [k for k in range(4, WIDTH + 1) if k in KS or k > KS[-1]]
            scan = [(k, program.run("--add", spec(unit, settings(k), "fp32"))) for k in scanned]
            by_k = dict(scan)
            ends = [breaks(scan, exact, points) for points in (1, 10)]
            rows.append(f"| {unit} | " + " | ".join(cell(by_k[k], exact) for k in KS) + " | " +
                        " | ".join("never" if e is None else str(e) for e in ends) + " |")
        else:
            for chain in KS:
                required = [n for n, _, needed in names if needed]
                values = {"q": chain, "block": chain // 2, "r": chain // 4, "p": chain - chain // 4}
                text = spec(unit, [(n, values.get(n, chain)) for n in required], "fp32")
                others.append(f"| {text} | {chain} | {cell(program.run('--add', text), exact)} |")
    head = "| adder, fp32 | " + " | ".join(f"k = {k}" for k in KS) + " | breaks by 1 | by 10 |"
    return ["## Adders", "", "In each cell: accuracy, and the change of the number of spikes, of all populations and of the output. *Breaks by n*: "
            f"the least k at which accuracy is more than n percentage points below exact, of 4, 8, 12, 16 and all up to {WIDTH}. ldca has t = k/2.", "", head,
            "|---" * (len(KS) + 3) + "|", *rows, "", "Adders of overlapping blocks, by the length of their carry chains:", "",
            "| adder | chain | accuracy (spikes, output spikes) |", "|---|---|---|", *others, ""]


def multiplier_section(program, exact):  # exact: in bf16, spikes multiplied
    rows = []
    for unit in program.units("multipliers"):
        required = [(n, least) for n, least, needed in program.parameters(unit) if needed]
        series = [[]]
        if required:
            top = 2 * SIGNIFICAND if required[0][0] == "v" else SIGNIFICAND
            series = [[(required[0][0], value)] for value in range(required[0][1], top + 1)]
            if required[0][0] == "h":  # bam: as many rows as columns are left out
                series = [[("h", v // 2), ("v", v)] for v in range(0, 2 * SIGNIFICAND + 1)]
            if required[0][0] == "n":
                series = [[("n", n)] for n in (4, 8, 16)]
        for values in series:
            text = spec(unit, values, "bf16")
            result = program.run("--spike-multiply", "on", "--mul", text)
            if result is not None:
                rows.append(f"| {text} | {result['accuracy']:.2f} % | {change(result, exact, 'spikes')} | "
                            f"{change(result, exact, 'output')} |")
    return ["## Multipliers", "", "Spikes are sent through the multiplier (`--spike-multiply on`), sums are exact@fp32. Every setting "
            "that the unit has in bf16. Changes are those against exact@bf16; bam(h=0,v=0) shows what the truncating pipeline does by "
            "itself, without an approximate circuit.", "", "| multiplier | accuracy | spikes | output spikes |", "|---|---|---|---|", *rows, ""]


def main():
    parser = argparse.ArgumentParser(description="N-MNIST with every adder and multiplier.")
    parser.add_argument("--axfire", default=os.path.join(ROOT, "build/release/bin/axfire"))
    parser.add_argument("--data", default=os.environ.get("AXFIRE_DATA"), help="default: $AXFIRE_DATA")
    parser.add_argument("--split", default="Train", choices=["Test", "Train"])
    parser.add_argument("--output", default=os.path.join(ROOT, "docs/results/nmnist_units.md"))
    options = parser.parse_args()
    if not options.data:
        parser.error("name the folder of recordings and networks: --data, or AXFIRE_DATA")
    program = Program(options.axfire, options.data, options.split)
    exact = program.run()
    exact_bf16 = program.run("--spike-multiply", "on", "--mul", "exact@bf16")
    lines = [
        "# Every unit on N-MNIST", "",
        f"Made by `scripts/nmnist_units.py{'' if options.split == 'Train' else ' --split Test'}` with axfire {exact['version']}; no "
        "figure here is typed by hand.", "",
        "The network is cnn_sinabs.nir of the NIR paper (Pedersen et al., Nature Communications 15, 8122, 2024), trained in exact "
        f"arithmetic; the data are {exact['samples']} recordings of N-MNIST (Orchard et al., 2015). One recording is "
        f"{100 / exact['samples']:.2f} percentage points of accuracy, so small differences mean nothing. Each figure is one run of", "",
        "    axfire " + " ".join(Program("", "$AXFIRE_DATA", options.split).command()) + " --add U   or   --spike-multiply on --mul U", "",
        f"Exact binary32: {exact['accuracy']:.2f} %, {exact['spikes']:.1f} spikes per recording in all populations, {exact['output']:.1f} of "
        f"them from the output. exact@bf16 products: {exact_bf16['accuracy']:.2f} %, {exact_bf16['spikes']:.1f} and "
        f"{exact_bf16['output']:.1f}.", ""]
    lines += adder_section(program, exact)
    lines += multiplier_section(program, exact_bf16)
    os.makedirs(os.path.dirname(os.path.abspath(options.output)), exist_ok=True)
    with open(options.output, "w", encoding="utf-8") as file:
        file.write("\n".join(lines).rstrip() + "\n")
    print(f"{options.output}: {exact['samples']} recordings a run")


main()
