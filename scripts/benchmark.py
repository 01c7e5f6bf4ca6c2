#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times kernels, growing layers and whole runs and writes docs/benchmarks.md and its plots.

usage: benchmark.py [--axfire PROGRAM] [--data FOLDER] [--repetitions N] [--seconds S] [--only kernels|growth|runs]
                    [--json FILE] [--output FILE]

Needs no packages. The folder holds models/*.onnx, nir/cnn_sinabs.nir, nmnist, mnist and cifar10. Run it on a machine that
does nothing else; it takes five to ten minutes. Kernels and layers are timed by `axfire bench`, runs by the time that
`axfire run` itself reports (reading, encoding and simulating). Figures of a part that is not run again stay.
"""

import argparse
import concurrent.futures
import json
import os
import statistics
import subprocess
import sys
import tempfile

import benchmark_page

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOA = "loa(k=12)@fp32"
# name, model, data, samples, options, arithmetics (mul, add)
EXACT, APPROXIMATE = ("exact@fp32", "exact@fp32"), ("exact@fp32", LOA)
BF16 = ("exact@bf16", "exact@bf16")
NMNIST = ("N-MNIST CNN, 340 steps", "nir/cnn_sinabs.nir", "nmnist:{data}/nmnist/Train", 800, [], [EXACT, APPROXIMATE])
RUNS = [
    NMNIST,
    ("LeNet-5, MNIST", "models/mnist_lenet5_98p96.onnx", "mnist:{data}/mnist", 10000, [], [EXACT, BF16, APPROXIMATE]),
    ("ResNet-20, CIFAR-10", "models/cifar10_resnet20.onnx", "cifar10:{data}/cifar10", 1000, [], [EXACT]),
    ("ResNet-20, CIFAR-10", "models/cifar10_resnet20.onnx", "cifar10:{data}/cifar10", 200, [], [BF16, APPROXIMATE]),
    ("converted ResNet-20, 64 steps", None, "cifar10:{data}/cifar10", 20, ["-T", "64"], [EXACT, APPROXIMATE]),
    ("the same, step by step", None, "cifar10:{data}/cifar10", 20, ["-T", "64", "--steps-at-once", "1"], [EXACT]),
]
KEPT = [1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1]  # of the recordings' events
BATCHES = [1, 4, 16, 64, 200]
STEPS = [1, 4, 16, 64]


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


def run_command(options, run, path, arithmetic, more):
    _, _, data, _, own, _ = run
    return [options.axfire, "run", path, "--data", data.format(data=options.data), "--mul", arithmetic[0], "--add",
            arithmetic[1], *own, *more, "-q", "--json", "--samples"]


def time_run(options, run, path, arithmetic, more):
    """Samples in a second over the repetitions, memory, and the hash of the results."""
    name, samples = run[0], run[3]
    command = run_command(options, run, path, arithmetic, more)
    ask([*command, str(max(samples // 10, 1))])  # to warm up
    rates, hashes = [], set()
    for _ in range(options.repetitions):
        result, memory = ask([*command, str(samples)])
        rates.append(result["samples_per_second"])
        hashes.add(result["result_hash"])
    if len(hashes) != 1:
        sys.exit(f"{name}: results differ between runs")
    print(f"{name}, {' + '.join(arithmetic)}, {' '.join(more)}: {statistics.median(rates):.1f}/s", file=sys.stderr)
    return {"median": statistics.median(rates), "least": min(rates), "most": max(rates), "memory_mib": memory}, hashes.pop()


def time_processes(options, run, path, arithmetic, count):
    """Samples in a second of so many processes of one thread each at a time: what the machine itself allows."""
    command = [*run_command(options, run, path, arithmetic, ["--threads", "1"]), str(run[3])]
    rates = []
    for _ in range(options.repetitions):
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            rates.append(sum(result["samples_per_second"] for result, _ in pool.map(ask, [command] * count)))
    return {"median": statistics.median(rates), "least": min(rates), "most": max(rates)}


def thread_counts():
    """1, 2, 4, ... and all of the machine's."""
    most = os.cpu_count()
    return sorted({1 << i for i in range(most.bit_length()) if 1 << i <= most} | {most})


def time_runs(options):
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for run in RUNS:
            if run[1] is None:
                path = os.path.join(folder, "snn.h5")
                ask([options.axfire, "convert", f"{options.data}/models/cifar10_resnet20.onnx", "-o", path, "--data",
                     f"cifar10:{options.data}/cifar10:train", "--method", "calibrate", "-T", "32", "--samples", "16", "--force", "-q", "--json"])
            else:
                path = os.path.join(options.data, run[1])
            for arithmetic in run[5]:
                row = {"network": run[0], "mul": arithmetic[0], "add": arithmetic[1], "samples": run[3]}
                hashes = set()
                for count in sorted({1, os.cpu_count()}):
                    row[str(count)], result = time_run(options, run, path, arithmetic, ["--threads", str(count)])
                    hashes.add(result)
                row["processes"] = time_processes(options, run, path, arithmetic, os.cpu_count())
                if len(hashes) != 1:
                    sys.exit(f"{run[0]}: results differ between numbers of threads")
                row["result_hash"] = hashes.pop()
                rows.append(row)
    return {"threads": os.cpu_count(), "repetitions": options.repetitions, "rows": rows}


def thin(folder, copy, share):
    """A copy of N-MNIST recordings with that share of their events (5 bytes each), the same ones in every run."""
    for digit in sorted(os.listdir(folder)):
        os.makedirs(os.path.join(copy, digit))
        for name in sorted(os.listdir(os.path.join(folder, digit))):
            with open(os.path.join(folder, digit, name), "rb") as file:
                events = file.read()
            kept = (events[5 * i:5 * i + 5] for i in range(len(events) // 5) if i * 2654435761 % 2**32 < share * 2**32)
            with open(os.path.join(copy, digit, name), "wb") as file:
                file.write(b"".join(kept))


def time_spikes(options):
    """A recording's time on one thread, and its synaptic operations, with fewer and fewer of its events."""
    name, network, _, samples, _, arithmetics = NMNIST
    rows, samples = [], samples // 4
    for share in KEPT:
        with tempfile.TemporaryDirectory() as copy:
            thin(f"{options.data}/nmnist/Train", copy, share)
            for mul, add in arithmetics:
                command = [options.axfire, "run", os.path.join(options.data, network), "--data", f"nmnist:{copy}", "--mul", mul,
                           "--add", add, "--threads", "1", "-q", "--json", "--samples", str(samples)]
                results = [ask(command)[0] for _ in range(options.repetitions + 1)][1:]
                seconds = [r["seconds"] / samples for r in results]
                operations = sum(layer["synaptic_operations"] for layer in results[0]["layers"]) / samples
                rows.append({"kept": share, "mul": mul, "add": add, "operations": operations, "median": statistics.median(seconds),
                             "least": min(seconds), "most": max(seconds)})
                print(f"{name}, {share:g} of the events, {add}: {1e3 * rows[-1]['median']:.3f} ms", file=sys.stderr)
    return {"samples": samples, "network": name, "rows": rows}


def time_growth(options):
    growth, _ = ask([options.axfire, "bench", "--growth", "--seconds", options.seconds, "--json"])
    path = os.path.join(options.data, NMNIST[1])
    rows, hashes = [], set()
    for quantity, values, flag in (("batch", BATCHES, "--batch"), ("threads", thread_counts(), "--threads"),
                                   ("steps at once", STEPS, "--steps-at-once")):
        for value in values:
            timing, result = time_run(options, NMNIST, path, APPROXIMATE, [flag, str(value)])
            rows.append({"quantity": quantity, "value": value, **timing})
            hashes.add(result)
    if len(hashes) != 1:
        sys.exit(f"{NMNIST[0]}: results differ between batches, numbers of threads or of steps at once")
    return {"layers": growth["growth"], "runs": rows, "network": NMNIST[0], "add": LOA, "threads": os.cpu_count(),
            "spikes": time_spikes(options)}


def rounded(value):
    """Four significant digits are more than a timing has."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    if isinstance(value, float):
        return int(value) if value.is_integer() else float(f"{value:.4g}")
    return value


def has_rows(value):
    if isinstance(value, dict):
        return any(has_rows(item) for item in value.values())
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


def dump(value, indent=""):
    """JSON with one measurement a line."""
    if not has_rows(value):
        return json.dumps(value)
    inside = indent + " "
    if isinstance(value, dict):
        items = [f"{inside}{json.dumps(key)}: {dump(item, inside)}" for key, item in value.items()]
        return "{\n" + ",\n".join(items) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inside + json.dumps(item) for item in value) + f"\n{indent}]"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--axfire", default=os.path.join(ROOT, "build/release/bin/axfire"))
    parser.add_argument("--data", default=os.environ.get("AXFIRE_DATA"))
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--seconds", default="0.1")
    parser.add_argument("--only", choices=["kernels", "growth", "runs"])
    parser.add_argument("--json", default=os.path.join(ROOT, "docs/benchmarks/cpu.json"))
    parser.add_argument("--output", default=os.path.join(ROOT, "docs/benchmarks.md"))
    options = parser.parse_args()
    if not options.data:
        sys.exit("name the folder with the data: --data or AXFIRE_DATA")
    results = {}
    if options.only and os.path.exists(options.json):
        with open(options.json, encoding="utf-8") as file:
            results = json.load(file)
    results["processor"] = processor()
    if options.only in (None, "kernels"):
        results["kernels"], _ = ask([options.axfire, "bench", "--all-units", "--seconds", options.seconds, "--json"])
    if options.only in (None, "growth"):
        results["growth"] = time_growth(options)
    if options.only in (None, "runs"):
        results["runs"] = time_runs(options)
    results = rounded(results)
    os.makedirs(os.path.dirname(options.json) or ".", exist_ok=True)
    with open(options.json, "w", encoding="utf-8") as file:
        file.write(dump(results) + "\n")
    benchmark_page.write(results, options.output)


if __name__ == "__main__":
    main()
