#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs real networks on the CPU and on the GPU, compares every hash and writes a report of the times."""

import argparse
import json
import pathlib
import re
import subprocess
import sys


def cases(data: pathlib.Path):
    """(name, arguments, samples on the CPU and in the comparison, samples when timed on the GPU)."""
    models = data / "models"
    mnist = f"--data mnist:{data / 'mnist'}"
    cifar = f"--data cifar10:{data / 'cifar10'}"
    nmnist = f"{data / 'nir/cnn_sinabs.nir'} --data nmnist:{data / 'nmnist/Test'} --reset subtract"
    for name, units in (("exact@fp32", ""), ("loa(k=12)@fp32", "--add loa(k=12)@fp32"),
                        ("drum(k=6)@bf16, loa(k=12)@fp32", "--mul drum(k=6)@bf16 --add loa(k=12)@fp32")):
        yield f"N-MNIST CNN, {name}", f"{nmnist} {units}", 16, 50
        yield f"LeNet, {name}", f"{models / 'mnist_lenet5_98p96.onnx'} {mnist} {units}", 200, 10000
        yield f"ResNet-20, {name}", f"{models / 'cifar10_resnet20.onnx'} {cifar} {units}", 32, 1000


def run(axfire: str, arguments: str, device: str, samples: int):
    command = [axfire, "run", *arguments.split(), "--device", device, "--samples", str(samples), "--json", "-q"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--axfire", required=True)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="compare only")
    options = parser.parse_args()

    rows = []
    for name, arguments, compared, timed in cases(options.data):
        cpu = run(options.axfire, arguments, "cpu", compared)
        gpu = run(options.axfire, arguments, "cuda", compared)
        row = {"case": name, "samples": compared, "result_hash": cpu["result_hash"],
               "equal": cpu["result_hash"] == gpu["result_hash"] and cpu["layers"] == gpu["layers"],
               "device": gpu["device_name"], "cpu_threads": cpu["threads"], "cpu_isa": cpu["isa"],
               "cpu_samples_per_second": cpu["samples_per_second"]}
        if "test double" in row["device"]:
            print("the driver is a test double: nothing that it runs is a result of a GPU", file=sys.stderr)
            return 2
        if not options.quick:
            row["gpu_samples"] = timed
            row["gpu_samples_per_second"] = run(options.axfire, arguments, "cuda", timed)["samples_per_second"]
            row["ratio"] = row["gpu_samples_per_second"] / row["cpu_samples_per_second"]
        rows.append(row)
        print(f"{name:<45} {'equal' if row['equal'] else 'DIFFERENT'}"
              + (f" {row['ratio']:8.2f} times the CPU" if "ratio" in row else ""))

    device = rows[0]["device"]
    stem = options.out / f"gpu-{re.sub('[^a-z0-9]+', '-', device.lower()).strip('-')}"
    stem.with_suffix(".json").write_text(json.dumps({"device": device, "cases": rows}, indent=1) + "\n")
    lines = [f"# {device}", "", "Made by `scripts/gpu_check.sh`. Samples per second, reading and encoding included; the",
             f"CPU with {rows[0]['cpu_threads']} threads, {rows[0]['cpu_isa']} kernels. `equal`: result hash and operation "
             "counts.", "", "| case | equal | CPU | GPU | ratio |", "|---|---|---:|---:|---:|"]
    for row in rows:
        times = (f"{row['gpu_samples_per_second']:.1f} | {row['ratio']:.2f}" if "ratio" in row else "not timed |")
        lines.append(f"| {row['case']} | {'yes' if row['equal'] else 'NO'} | {row['cpu_samples_per_second']:.1f} | {times} |")
    stem.with_suffix(".md").write_text("\n".join(lines) + "\n")
    print(f"written: {stem}.json and .md")
    return 0 if all(row["equal"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
