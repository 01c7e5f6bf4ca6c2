#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains and retrains networks, and writes docs/results/training.md.

usage: training.py [--axfire PROGRAM] [--data FOLDER] [--work FOLDER] [--torch PYTHON] [--threads N] [--output FILE]

Needs Debian's dataset-fashion-mnist; the folder holds mnist, nmnist, cifar10 and models. What a command gave is kept in
--work by its arguments, so that a run that was cut off goes on where it was; from nothing it takes about 20 minutes on two
free processors. --torch names a Python that has PyTorch, for the table of speed; that needs a machine with nothing else to do.
"""

import argparse
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MNIST, FASHION, NMNIST = "mnist:{data}/mnist", "fashion-mnist", "nmnist:{data}/nmnist"
CIFAR = "cifar10:{data}/cifar10"
LENET = ["--model", "lenet5", "--epochs", "5"]
# title, file, data, options of the training, units and steps of the run
TRAININGS = [
    ("LeNet-5, exact@fp32", "lenet", MNIST, LENET, []),
    ("LeNet-5, loa(k=16)@fp32", "lenet_loa", MNIST, LENET, ["--add", "loa(k=16)@fp32"]),
    ("LeNet-5, exact@e5m6", "lenet_e5m6", MNIST, LENET, ["--add", "exact@e5m6", "--mul", "exact@e5m6"]),
    ("LeNet-5, exact@fp32", "lenet_fashion", FASHION, ["--model", "lenet5", "--epochs", "10"], []),
    ("spiking, direct input, T = 8", "snn_fashion", FASHION, ["--model", "snn-conv", "--epochs", "5"], ["-T", "8"]),
    ("spiking, 30 steps of 10 ms; batches of 16, rate 4e-3, shifts by a pixel", "snn_nmnist", NMNIST,
     ["--model", "snn-conv", "--shift", "1", "--batch", "16", "--lr", "4e-3", "--epochs", "20"],
     ["--dt", "10", "-T", "30"]),
]
# title, file name of the results, model, data, options of every run, [(units, options of the retraining)]
RECOVERIES = [
    ("LeNet-5 on MNIST", "lenet", "{work}/lenet.h5", MNIST, [], [
        (["--add", "trunc0(k=18)@fp32"], ["--samples", "20000", "--epochs", "1", "--lr", "5e-4"]),
        (["--add", "trunc0(k=19)@fp32"], ["--epochs", "2", "--lr", "1e-3"]),
        (["--add", "exact@e5m4/rz", "--mul", "exact@e5m4/rz"], ["--epochs", "1", "--lr", "1e-3"]),
    ]),
    ("The pre-trained cifar10_83p62 on CIFAR-10, of which there are 4,000 images to train on and 1,000 to test with", "cifar",
     "{data}/models/cifar10_83p62.onnx", CIFAR, [], [
        (["--add", "trunc0(k=16)@fp32"], ["--epochs", "1", "--lr", "1e-4", "--flip"]),
        (["--mul", "exact@e5m3/rz"], ["--epochs", "1", "--lr", "1e-4", "--flip"]),
        (["--mul", "exact@e5m2/rz"], ["--epochs", "1", "--lr", "1e-4", "--flip"]),
    ]),
    ("A converted spiking network on MNIST: LeNet-5 with quantised clips of four levels (below) as integrate-and-fire neurons, T = 4",
     "spiking", "{work}/qcfs4_snn.h5", MNIST, ["-T", "4"], [
        (["--add", "trunc0(k=19)@fp32", "--neuron-add", "trunc0(k=19)@fp32"],
         ["--samples", "20000", "--epochs", "1", "--lr", "1e-3"]),
        (["--add", "trunc0(k=20)@fp32"], ["--samples", "20000", "--epochs", "1", "--lr", "1e-3"]),
        (["--add", "exact@e5m4/rz"], ["--samples", "20000", "--epochs", "1", "--lr", "1e-3"]),
    ]),
]
# multipliers of cifar10_83p62, options of the retraining with either gradient
MULTIPLIERS = ["dropped(d=6)@bf16", "bam(h=6,v=9)@bf16", "drum(k=2)@bf16"]
BRIEFLY = ["--samples", "2000", "--epochs", "1", "--lr", "1e-4", "--flip"]
LEVELS = [4, 8]
STEPS = [2, 4, 8, 16, 32, 64, 128, 256]
TORCH = """
import gzip, sys, time
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F
folder, threads, samples = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)
def read(name, skip):
    return np.frombuffer(gzip.open(f"{folder}/{name}").read()[skip:], np.uint8)
x = torch.tensor(read("train-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28).astype(np.float32) / 255)
y = torch.tensor(read("train-labels-idx1-ubyte.gz", 8).astype(np.int64))
net = nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
                    nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
                    nn.Linear(84, 10))
optimiser = torch.optim.Adam(net.parameters(), 1e-3)
best = 1e9
for _ in range(3):
    order = torch.randperm(len(x))[:samples]
    start = time.time()
    for i in range(0, samples, 64):
        optimiser.zero_grad()
        F.cross_entropy(net(x[order[i:i + 64]]), y[order[i:i + 64]]).backward()
        optimiser.step()
    best = min(best, time.time() - start)
print(best)
"""


def layer(kind, **keys):
    return f'[[layer]]\ntype = "{kind}"\n' + "".join(f"{k} = {v}\n" for k, v in keys.items())


def quantised_lenet(levels):
    """LeNet-5 with average pooling and the quantised clip of Bu et al. for an activation."""
    activation = layer("qcfs", theta=2, levels=levels)
    convolutions = [layer("conv2d", out=6, kernel=5, pad=2), layer("conv2d", out=16, kernel=5)]
    return ("".join(c + activation + layer("avgpool2d") for c in convolutions) + layer("flatten") +
            "".join(layer("linear", out=n) + activation for n in (120, 84)) + layer("linear", out=10))


class Work:
    """Runs the program; results and files are kept by what was asked."""

    def __init__(self, options):
        self.options = options
        os.makedirs(options.work, exist_ok=True)

    def path(self, name):
        return os.path.join(self.options.work, name)

    def ask(self, name, arguments):
        path = self.path(name + ".json")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                kept = json.load(file)
            if kept["arguments"] == arguments:
                return kept["result"]
        filled = [a.replace("{data}", self.options.data).replace("{work}", self.options.work) for a in arguments]
        command = [self.options.axfire, *filled, "-q", "--json"]
        command += ["--threads", str(self.options.threads)] if self.options.threads else []
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode != 0:
            sys.exit(f"{' '.join(command)}: {result.stderr.strip()}")
        kept = {"arguments": arguments, "result": json.loads(result.stdout)}
        with open(path, "w", encoding="utf-8") as file:
            json.dump(kept, file)
        return kept["result"]

    def train(self, name, verb, data, options):
        return self.ask(name, [*verb, "--data", data, *options, "-o", "{work}/" + name + ".h5", "--force"])

    def run(self, name, model, data, options):
        return self.ask(name, ["run", model, "--data", data, *options])["accuracy"]


def percent(x):
    return f"{100 * x:.2f} %"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def trainings(work):
    rows = []
    for title, name, data, options, units in TRAININGS:
        result = work.train(name, ["train"], data, [*options, *units])
        log = result["log"]
        test = data + "/Test" if data == NMNIST else data
        rows.append([title, data.split(":")[0], str(len(log)), percent(log[0]["test_accuracy"]),
                     percent(result["test_accuracy"]), percent(work.run(name + "_run", "{work}/" + name + ".h5", test, units))])
    return table(["network and arithmetic", "data", "epochs", "after the first", "at the end", "`axfire run`"], rows)


def recoveries(work):
    texts = []
    for title, name, model, data, always, tries in RECOVERIES:
        exact = work.run(f"{name}_exact", model, data, always)
        rows = []
        for i, (units, options) in enumerate(tries):
            before = work.run(f"{name}_before{i}", model, data, [*always, *units])
            after = work.train(f"{name}_again{i}", ["retrain", model], data, [*always, *units, *options])["test_accuracy"]
            rows.append([f"`{' '.join(units)}`", percent(before), f"`{' '.join(options)}`", percent(after),
                         f"{100 * (after - before) / (exact - before):.0f} %"])
        head = ["arithmetic", "as trained in binary32", "retraining", "retrained", "of the loss won back"]
        texts.append(f"{title}; {percent(exact)} in exact binary32.\n\n{table(head, rows)}")
    return "\n".join(texts)


def slopes(work):
    model = "{data}/models/cifar10_83p62.onnx"
    rows = []
    for i, unit in enumerate(MULTIPLIERS):
        units = ["--mul", unit]
        row = [f"`{' '.join(units)}`", percent(work.run(f"slopes_before{i}", model, CIFAR, units))]
        for gradient in ("ste", "table"):
            options = [*units, *BRIEFLY, "--gradient", gradient]
            result = work.train(f"slopes_{gradient}{i}", ["retrain", model], CIFAR, options)
            row.append(percent(result["test_accuracy"]))
        rows.append(row)
    return table(["arithmetic", "as trained in binary32", "`--gradient ste`", "`--gradient table`"], rows)


def quantised(work):
    rows = []
    for levels in LEVELS:
        name = f"qcfs{levels}"
        with open(work.path(name + ".toml"), "w", encoding="utf-8") as file:
            file.write(quantised_lenet(levels))
        work.train(name, ["train"], MNIST, ["--model", "{work}/" + name + ".toml", "--epochs", "5"])
        rows.append(spiking(work, f"QCFS, L = {levels}", name, ["--method", "qcfs", "-T", str(levels)], 32))
    rows.append(spiking(work, "ReLU, percentile", "lenet", ["--method", "percentile", "--max-pool", "gate"], STEPS[-1]))
    return table(["activation", "conventional", *(f"T = {t}" for t in STEPS), "within 0.1 points", "and stays", "no loss"], rows)


def spiking(work, title, name, method, steps):
    """A row: accuracies over time; steps until at most 0.1 points are lost, until that stays so, and until nothing is."""
    work.ask(name + "_snn_made", ["convert", "{work}/" + name + ".h5", "--data", MNIST + ":train", *method, "-o",
                                  "{work}/" + name + "_snn.h5", "--force"])
    goal = work.run(name + "_run", "{work}/" + name + ".h5", MNIST, [])
    reached = work.ask(name + "_snn_run", ["run", "{work}/" + name + "_snn.h5", "--data", MNIST, "-T", str(steps),
                                           "--accuracy-over-time"])["accuracy_over_time"]

    def first(bound, after=0):
        found = (t + 1 for t in range(after, steps) if reached[t] > bound)
        return str(next(found, f"none to {steps}"))

    near = goal - 0.00105
    last_far = max((t + 1 for t in range(steps) if reached[t] < near), default=0)

    return [title, percent(goal), *(percent(reached[t - 1]) if t <= steps else "" for t in STEPS),
            first(near), first(near, last_far), first(goal - 0.00005)]


def timed(command):
    """Standard output and error of a program, and the most memory that it held, in MB."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)}: {text.strip()}")
    return text, usage.ru_maxrss / 1000


def speed(work):
    """Seconds of 6,400 samples: the best of three, each program's turn after the other's."""
    path = work.path("speed.json")
    if not os.path.exists(path):
        if not work.options.torch:
            return ""
        found = []
        for threads in (1, 2):
            for name, units in (("exact@fp32", []), ("loa(k=16)@fp32", ["--add", "loa(k=16)@fp32"])):
                best = memory = 1e9
                for _ in range(3):
                    text, held = timed([work.options.axfire, "train", "--model", "lenet5", "--data",
                                        f"mnist:{work.options.data}/mnist", "--samples", "6400", "--test-samples", "1",
                                        "--epochs", "1", "--threads", str(threads), *units, "-o", work.path("speed.h5"),
                                        "--force"])
                    line = [entry for entry in text.splitlines() if entry.startswith("epoch 1/1")][0]
                    best = min(best, float(line.split(" s, ")[0].split()[-1]))
                    memory = min(memory, held)
                found.append([name, threads, best, memory])
            text, memory = timed([work.options.torch, "-c", TORCH, f"{work.options.data}/mnist", str(threads), "6400"])
            found.append(["PyTorch", threads, float(text), memory])
        with open(path, "w", encoding="utf-8") as file:
            json.dump(found, file)
    with open(path, encoding="utf-8") as file:
        found = json.load(file)
    seconds = {(name, threads): best for name, threads, best, _ in found}
    rows = [[name, str(threads), f"{best:.2f}", f"{best / seconds['PyTorch', threads]:.2f}",
             f"{best / seconds['exact@fp32', threads]:.2f}", f"{memory:.0f}"] for name, threads, best, memory in found]
    return ("\n## Speed\n\nSeconds for 6,400 samples of MNIST through LeNet-5 in batches of 64 with Adam, the best of three, on one "
            "machine: forward, backward and update, and for Axfire reading the samples. Memory is the most that the process "
            "held, data and libraries included.\n\n" +
            table(["", "threads", "seconds", "of PyTorch's", "of exact@fp32's", "MB"], rows))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--axfire", default=os.path.join(ROOT, "build/release/bin/axfire"))
    parser.add_argument("--data", default=os.environ.get("AXFIRE_DATA", ""))
    parser.add_argument("--work", default=os.path.join(ROOT, "build/training"))
    parser.add_argument("--torch", default="")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--output", default=os.path.join(ROOT, "docs/results/training.md"))
    options = parser.parse_args()
    if not options.data:
        sys.exit("--data FOLDER (or AXFIRE_DATA) must name the folder with mnist, nmnist, cifar10 and models")
    work = Work(options)
    version = subprocess.run([options.axfire, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    trained, converted, won, fitted = trainings(work), quantised(work), recoveries(work), slopes(work)
    text = (f"# Training\n\nMade by `scripts/training.py` with {version}; no figure here is typed by hand. "
            "Adam, batches of 64, a rate of "
            "1e-3 that falls as a cosine, seed 0, where nothing else is said ([training.md](../training.md)). Gradients are exact binary32, straight through "
            "the arithmetic of the forward pass. Accuracies are of all test samples: 10,000 of MNIST (LeCun et al.) and of Fashion-MNIST "
            "(Zalando), 50 of N-MNIST (Orchard et al., 2015; 800 recordings to train on).\n\n" + trained)
    text += ("\n## Won back\n\nNetworks that were trained in exact binary32, run in arithmetics that cost them at least five points, and "
             "retrained in them.\n\n" + won)
    text += ("\n## Slopes of the multiplier\n\nGradients by the exact product's operands, and by slopes fitted to the multiplier's products "
             f"([training.md](../training.md)): cifar10_83p62 after `{' '.join(BRIEFLY)}`.\n\n" + fitted)
    text += ("\n## Trained for conversion\n\nLeNet-5 on MNIST, converted to integrate-and-fire neurons, after T steps. The quantised clip (QCFS: "
             "Bu et al., ICLR 2022) with theta = 2 and average pooling, and plain ReLU with maximum pooling. The last columns: the T "
             "at which it is first within 0.1 points of the conventional network, from which on it stays there, and at which it is first as good.\n\n" +
             converted)
    text += speed(work)
    with open(options.output, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main()
