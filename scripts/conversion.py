#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Converts trained conventional networks to spiking ones, runs them, and writes docs/results/conversion.md.

usage: conversion.py [--axfire PROGRAM] [--data FOLDER] [--calibration N] [--only NAME,...] [--work FOLDER] [--output FILE]

Needs no packages. The folder holds models/*.onnx, cifar10 and mnist. Results of single runs are kept in --work, so that a
run that was cut off goes on where it was.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CIFAR, MNIST = "cifar10", "mnist"
# name, data, conversions: (method, options, steps to run)
NETWORKS = [
    ("cifar10_83p62", CIFAR, [("percentile", [], 64), ("calibrate", ["-T", "32"], 64)]),
    ("cifar10_resnet20", CIFAR, [("percentile", [], 64), ("calibrate", ["-T", "16"], 16),
                                 ("calibrate", ["-T", "32"], 64)]),
    ("mnist_cnn_99p16_max", MNIST, [("percentile", [], 64)]),
    ("mnist_lenet5_98p96", MNIST, [("percentile", [], 64)]),
    ("mnist_lenet_avgpool_99", MNIST, [("percentile", [], 64)]),
]
SHOWN = [4, 8, 16, 32, 64]
ADDERS = [f"loa(k={k})@fp32" for k in (8, 12, 16, 19)] + ["exact@bf16"]


class Work:
    """Runs the program; results and files are kept by what was asked."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        os.makedirs(folder, exist_ok=True)
        self.version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]

    def key(self, arguments):
        return hashlib.sha256(json.dumps(arguments).encode()).hexdigest()[:16]

    def ask(self, arguments):
        path = os.path.join(self.folder, self.key(arguments) + ".json")
        if not os.path.exists(path):
            result = subprocess.run([self.program, *arguments, "-q", "--json"], capture_output=True, text=True)
            if result.returncode != 0:
                sys.exit(f"{' '.join(arguments)}: {result.stderr.strip()}")
            with open(path, "w", encoding="utf-8") as file:
                file.write(result.stdout)
        with open(path, encoding="utf-8") as file:
            return json.load(file)

    def convert(self, arguments):
        model = os.path.join(self.folder, self.key(arguments) + ".h5")
        self.ask([*arguments, "-o", model, "--force"])
        return model


def percent(x):
    return f"{100 * x:.2f} %"


def main():
    parser = argparse.ArgumentParser(description="Converted networks, over time and with approximate adders.")
    parser.add_argument("--axfire", default=os.path.join(ROOT, "build/release/bin/axfire"))
    parser.add_argument("--data", default=os.environ.get("AXFIRE_DATA"), help="default: $AXFIRE_DATA")
    parser.add_argument("--calibration", type=int, default=128, help="training images that scales are chosen by")
    parser.add_argument("--only", default="", help="names by commas")
    parser.add_argument("--work", default=os.path.join(ROOT, "build/conversion"))
    parser.add_argument("--output", default=os.path.join(ROOT, "docs/results/conversion.md"))
    options = parser.parse_args()
    if not options.data:
        parser.error("name the folder of images and networks: --data, or AXFIRE_DATA")
    work = Work(options.axfire, options.work)
    folders = {CIFAR: f"cifar10:{options.data}/cifar10", MNIST: f"mnist:{options.data}/mnist"}
    rows, approximate = [], []
    for name, kind, conversions in NETWORKS:
        if options.only and name not in options.only.split(","):
            continue
        onnx = f"{options.data}/models/{name}.onnx"
        ann = work.ask(["run", onnx, "--data", folders[kind]])
        rows.append(f"| {name} | conventional | {ann['samples']} | {percent(ann['accuracy'])} |" + " |" * len(SHOWN))
        for method, extra, steps in conversions:
            model = work.convert(["convert", onnx, "--data", folders[kind] + ":train", "--samples", str(options.calibration),
                                  "--method", method, *extra])
            command = ["run", model, "--data", folders[kind], "-T", str(steps)]
            snn = work.ask([*command, "--accuracy-over-time"])
            over_time = snn["accuracy_over_time"]
            cells = " | ".join(percent(over_time[t - 1]) if t <= steps else "" for t in SHOWN)
            spikes = sum(layer["spikes_per_sample"] for layer in snn["layers"])
            operations = sum(layer["synaptic_operations"] for layer in snn["layers"]) / snn["samples"]
            label = method + (f" for {extra[1]} steps" if extra else "")
            rows.append(f"| {name} | {label} | {snn['samples']} | | {cells} |")
            print(f"{name} {label}: {cells}", flush=True)
            approximate.append(f"| {name}, {label} | exact@fp32 | {steps} | {percent(snn['accuracy'])} | {spikes:,.0f} | "
                               f"{operations / snn['dense_multiply_accumulates']:.1f} | {snn['latency_steps']:.1f} |")
            for adder in ADDERS if kind == CIFAR and method == "calibrate" else []:
                short = min(steps, int(extra[1]))
                run = work.ask(["run", model, "--data", folders[kind], "-T", str(short), "--add", adder, "--neuron-add", adder])
                total = sum(layer["spikes_per_sample"] for layer in run["layers"])
                approximate.append(f"| {name}, {label} | {adder} | {short} | {percent(run['accuracy'])} | {total:,.0f} | | |")
                print(f"{name} {label} {adder}: {percent(run['accuracy'])}", flush=True)
    lines = [
        "# Converted networks", "",
        f"Made by `scripts/conversion.py{' --only ' + options.only if options.only else ''}` with axfire {work.version}; no figure "
        "here is typed by hand.", "",
        "Trained conventional networks, their activations replaced by integrate-and-fire neurons "
        f"([conversion.md](../conversion.md)) with the statistics of {options.calibration} training images. CIFAR-10: the first 1,000 test images "
        "(Krizhevsky, 2009), one is 0.1 points; MNIST: all 10,000 (LeCun et al.), one is 0.01. The image is a constant current. Accuracy after T steps, of one "
        "run.", "",
        "| network | conversion | images | one step | " + " | ".join(f"T = {t}" for t in SHOWN) + " |",
        "|---" * (4 + len(SHOWN)) + "|", *rows, "",
        "## Work, and approximate adders", "",
        "Spikes a sample in all populations; accumulations as multiples of the conventional network's multiply-accumulates; steps until the prediction stays "
        "right, over the samples that end right. Approximate adders are used for synapses and neurons alike, without calibrating again.", "",
        "| network | adder | T | accuracy | spikes | accumulations | latency |", "|---|---|---|---|---|---|---|", *approximate]
    os.makedirs(os.path.dirname(os.path.abspath(options.output)), exist_ok=True)
    with open(options.output, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    print(options.output)


main()
