#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times kernels and whole runs and writes docs/benchmarks.md.

usage: benchmark.py [--axfire PROGRAM] [--data FOLDER] [--repetitions N] [--seconds S] [--only kernels|runs]
                    [--json FILE] [--output FILE]

Needs no packages. The folder holds models/*.onnx, nir/cnn_sinabs.nir, nmnist, mnist and cifar10. Run it on a machine that
does nothing else. Kernels are timed by `axfire bench`, runs by the time that `axfire run` itself reports (reading,
encoding and simulating), on one thread and on all.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOA = "loa(k=12)@fp32"
NORMALISED = ["--mean", "0.4914,0.4822,0.4465", "--std", "0.2470,0.2435,0.2616"]
# name, model, data, samples, options, arithmetics (mul, add)
EXACT, APPROXIMATE = ("exact@fp32", "exact@fp32"), ("exact@fp32", LOA)
BF16 = ("exact@bf16", "exact@bf16")
RUNS = [
    ("N-MNIST CNN, 340 steps", "nir/cnn_sinabs.nir", "nmnist:{data}/nmnist/Train", 200, [], [EXACT, APPROXIMATE]),
    ("LeNet-5, MNIST", "models/mnist_lenet5_98p96.onnx", "mnist:{data}/mnist", 2000, [], [EXACT, BF16, APPROXIMATE]),
    ("ResNet-20, CIFAR-10", "models/cifar10_resnet20.onnx", "cifar10:{data}/cifar10", 200, [], [EXACT, BF16, APPROXIMATE]),
    ("converted ResNet-20, 64 steps", None, "cifar10:{data}/cifar10", 20, ["-T", "64"], [EXACT, APPROXIMATE]),
]


def ask(command):
    """The program's JSON and the most memory that it held, in MiB."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        out.seek(0)
        err.seek(0)
        if status != 0:
            sys.exit(f"{' '.join(command)}: {err.read().strip()}")
        return json.loads(out.read()), usage.ru_maxrss / 1024


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return "unknown"


def time_runs(options):
    threads = os.cpu_count()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, model, data, samples, more, arithmetics in RUNS:
            data = data.format(data=options.data)
            if model is None:
                path = os.path.join(folder, "snn.h5")
                ask([options.axfire, "convert", f"{options.data}/models/cifar10_resnet20.onnx", "-o", path, "--data",
                     f"cifar10:{options.data}/cifar10:train", "--method", "calibrate", "-T", "32", "--samples", "64", "-q", "--json"])
            else:
                path = os.path.join(options.data, model)
            for mul, add in arithmetics:
                row = {"network": name, "mul": mul, "add": add, "samples": samples}
                hashes = set()
                for count in sorted({1, threads}):
                    command = [options.axfire, "run", path, "--data", data, "--samples", str(samples), "--threads",
                               str(count), "--mul", mul, "--add", add, *more, "-q", "--json"]
                    rates = []
                    for _ in range(options.repetitions):
                        result, memory = ask(command)
                        rates.append(result["samples_per_second"])
                        hashes.add(result["result_hash"])
                    row[str(count)] = {"median": statistics.median(rates), "least": min(rates), "most": max(rates),
                                       "memory_mib": memory}
                if len(hashes) != 1:
                    sys.exit(f"{name}: results differ between runs")
                row["result_hash"] = hashes.pop()
                rows.append(row)
                print(f"{name}, {mul} + {add}: " + ", ".join(
                    f"{row[str(c)]['median']:.1f}/s on {c}" for c in sorted({1, threads})), file=sys.stderr)
    return {"threads": threads, "repetitions": options.repetitions, "rows": rows}


def number(x):
    return f"{x:.3g}" if x < 100 else f"{x:.0f}"


def kernels_page(kernels):
    scalar = kernels["scalar_model"]["median_ns"]
    lines = ["## Kernels", "",
             f"One thread, {kernels['isa']} kernels. Median time of one operation in ns; in brackets the time over that of "
             "native binary32 in the same kernel and order.",
             f"A scalar behavioural model of a `{LOA}` multiply-accumulate, called once for each, takes {scalar:.1f} ns; "
             "\"faster\" is its time over that of a conv2d multiply-accumulate.", ""]
    names = list(dict.fromkeys(m["kernel"] for m in kernels["measurements"]))
    lines += ["| arithmetic | " + " | ".join(names) + " | faster |", "|---" * (len(names) + 2) + "|"]
    by_arithmetic = {}
    for m in kernels["measurements"]:
        by_arithmetic.setdefault(m["arithmetic"], {})[m["kernel"]] = m
    for arithmetic, row in by_arithmetic.items():
        cells = [f"{number(row[n]['median_ns'])} ({number(row[n]['against_native'])})" for n in names]
        lines.append(f"| `{arithmetic}` | " + " | ".join(cells) + f" | {number(scalar / row['conv2d']['median_ns'])} |")
    lines.append("")
    shapes = {m["kernel"]: f"{m['kernel']}: {m['shape']}, ns for each {m['unit']}" for m in kernels["measurements"]}
    return lines + ["; ".join(shapes.values()) + ".", ""]


def runs_page(runs):
    n = str(runs["threads"])
    lines = ["## Whole runs", "",
             f"Samples in a second, reading and encoding included; medians of {runs['repetitions']} runs. Results are the same "
             "bits on any number of threads.", "",
             f"| network | mul | add | 1 thread | {n} threads | speed-up | memory, MiB |", "|---|---|---|---|---|---|---|"]
    for row in runs["rows"]:
        one, all_threads = row["1"], row[n]
        lines.append(f"| {row['network']} | `{row['mul']}` | `{row['add']}` | {number(one['median'])} | "
                     f"{number(all_threads['median'])} | {all_threads['median'] / one['median']:.2f} | "
                     f"{all_threads['memory_mib']:.0f} |")
    return lines + [""]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--axfire", default=os.path.join(ROOT, "build/release/bin/axfire"))
    parser.add_argument("--data", default=os.environ.get("AXFIRE_DATA"))
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--seconds", default="0.2")
    parser.add_argument("--only", choices=["kernels", "runs"])
    parser.add_argument("--json", default=os.path.join(ROOT, "docs/benchmarks/cpu.json"))
    parser.add_argument("--output", default=os.path.join(ROOT, "docs/benchmarks.md"))
    options = parser.parse_args()
    if not options.data:
        sys.exit("name the folder with the data: --data or AXFIRE_DATA")
    results = {}
    if os.path.exists(options.json):
        with open(options.json, encoding="utf-8") as file:
            results = json.load(file)
    results["processor"] = processor()
    if options.only != "runs":
        results["kernels"], _ = ask([options.axfire, "bench", "--all-units", "--seconds", options.seconds, "--json"])
    if options.only != "kernels":
        results["runs"] = time_runs(options)
    os.makedirs(os.path.dirname(options.json), exist_ok=True)
    with open(options.json, "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
        file.write("\n")
    page = ["# Benchmarks", "",
            f"Made by `scripts/benchmark.py` on one machine ({results['processor']}); figures are those of that machine.",
            "Results are compared with the general kernels' before they are timed, and loa(k=12) of a linear layer with the scalar model.", ""]
    if "kernels" in results:
        page += kernels_page(results["kernels"])
    if "runs" in results:
        page += runs_page(results["runs"])
    with open(options.output, "w", encoding="utf-8") as file:
        file.write("\n".join(page).rstrip() + "\n")


if __name__ == "__main__":
    main()
