#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares one update of `axfire train` with PyTorch's: same network, data and learning rate, plain SGD.

    python3 scripts/check_gradients.py AXFIRE

Debian packages: python3-torch python3-h5py. Exit code 77 where they are not there, 1 where a weight's change
differs by more than 1e-4 of the tensor's largest.
"""
import os
import struct
import subprocess
import sys
import tempfile

try:
    import h5py
    import numpy as np
    import torch
    import torch.nn.functional as F
except ImportError as error:
    print(f"skipped: {error.name} is not installed (Debian: python3-torch python3-h5py)")
    sys.exit(77)

RATE = 0.25
SAMPLES = 24
CONVOLUTIONAL = """
[[layer]]
type = "conv2d"
name = "c1"
out = 6
kernel = 3
stride = 2
pad = 1
[[layer]]
type = "batchnorm"
name = "n1"
[[layer]]
type = "relu"
name = "r1"
[[layer]]
type = "conv2d"
name = "c2"
out = 6
kernel = [3, 2]
groups = 3
dilation = [1, 2]
pad = [1, 1]
[[layer]]
type = "relu6"
name = "sum"
from = ["c2", "r1"]
[[layer]]
type = "%s"
kernel = 2
[[layer]]
type = "flatten"
[[layer]]
type = "linear"
name = "l1"
out = 20
[[layer]]
type = "tanh"
[[layer]]
type = "linear"
name = "l2"
out = 10
"""
SPIKING = """
[conventions]
integrate = "exponential"
reset = "subtract"
[[layer]]
type = "conv2d"
name = "c1"
out = 6
kernel = 3
stride = 2
pad = 1
[[layer]]
type = "lif"
tau_mem = 4e-3
r = 4
v_threshold = 1
[[layer]]
type = "flatten"
[[layer]]
type = "linear"
name = "l1"
out = 10
[[layer]]
type = "li"
tau_mem = 8e-3
"""


class Spike(torch.autograd.Function):
    """1 where u > 0; the derivative is the arctangent surrogate of slope 2."""

    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return (u > 0).to(u)

    @staticmethod
    def backward(ctx, gradient):
        (u,) = ctx.saved_tensors
        return gradient / (1 + (torch.pi * u) ** 2)


def convolutional(w, x, pool):
    x = F.conv2d(x, w["c1.weight"], w["c1.bias"], stride=2, padding=1)
    x = torch.relu(F.batch_norm(x, None, None, w["n1.gamma"], w["n1.beta"], training=True))
    y = F.conv2d(x, w["c2.weight"], w["c2.bias"], padding=(1, 1), dilation=(1, 2), groups=3)
    y = F.relu6(y + x)
    y = F.avg_pool2d(y, 2) if pool == "avgpool2d" else F.max_pool2d(y, 2)
    y = torch.tanh(F.linear(y.flatten(1), w["l1.weight"], w["l1.bias"]))
    return F.linear(y, w["l2.weight"], w["l2.bias"])


def spiking(w, x, steps):
    fast, slow = np.exp(-1 / 4), np.exp(-1 / 8)
    current = F.conv2d(x, w["c1.weight"], w["c1.bias"], stride=2, padding=1)
    v = torch.zeros_like(current)
    out = torch.zeros(len(x), 10, dtype=x.dtype)
    for _ in range(steps):
        v = v * fast + current * (4 * (1 - fast))
        spikes = Spike.apply(v - 1)
        v = v - spikes.detach()
        out = out * slow + F.linear(spikes.flatten(1), w["l1.weight"], w["l1.bias"]) * (1 - slow)
    return out


def write_idx(path, array):
    with open(path, "wb") as file:
        file.write(struct.pack(">BBBB", 0, 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape))
        file.write(array.astype(np.uint8).tobytes())


def tensors(path):
    found = {}
    with h5py.File(path) as file:
        for name, node in file["nodes"].items():
            for tensor in ("weight", "bias", "gamma", "beta"):
                if tensor in node:
                    found[f"{name}.{tensor}"] = torch.tensor(node[tensor][()].astype(np.float64), requires_grad=True)
    return found


def train(axfire, folder, model, out, rate, steps):
    command = [axfire, "train", "--model", model, "--data", f"mnist:{folder}:train", "--epochs", "1", "--batch",
               str(SAMPLES), "--optimizer", "sgd", "--momentum", "0", "--schedule", "constant", "--lr", str(rate), "-q",
               "--jit", "off", "--force", "-o", out]
    subprocess.run(command + (["-T", str(steps)] if steps > 1 else []), check=True)
    return tensors(out)


def compare(axfire, folder, text, forward, images, labels, steps):
    model = os.path.join(folder, "net.toml")
    with open(model, "w") as file:
        file.write(text)
    # What a rate too small to change anything leaves are the weights as they were drawn.
    before = train(axfire, folder, model, os.path.join(folder, "before.h5"), 1e-60, steps)
    after = train(axfire, folder, model, os.path.join(folder, "after.h5"), RATE, steps)
    F.cross_entropy(forward(before), labels).backward()
    worst = 0.0
    for name, tensor in before.items():
        found = (tensor.detach() - after[name].detach()) / RATE
        largest = max(float(tensor.grad.abs().max()), 1e-3)  # before a normalisation a bias has none
        worst = max(worst, float((found - tensor.grad).abs().max()) / largest)
    return worst


def main():
    axfire = sys.argv[1]
    random = np.random.default_rng(1)
    pixels = random.integers(0, 256, (SAMPLES, 12, 14))
    labels = random.integers(0, 10, SAMPLES)
    x = torch.tensor((pixels[:, None] / np.float32(255)).astype(np.float32).astype(np.float64))
    y = torch.tensor(labels)
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        write_idx(os.path.join(folder, "train-images-idx3-ubyte"), pixels)
        write_idx(os.path.join(folder, "train-labels-idx1-ubyte"), labels)
        cases = [(pool, CONVOLUTIONAL % pool, lambda w, pool=pool: convolutional(w, x, pool), 1)
                 for pool in ("avgpool2d", "maxpool2d")]
        cases.append(("spiking", SPIKING, lambda w: spiking(w, x, 6), 6))
        for name, text, forward, steps in cases:
            worst = compare(axfire, folder, text, forward, x, y, steps)
            print(f"{name}: largest difference of a gradient {worst:.1e} of its tensor's largest")
            failed = failed or not worst < 1e-4
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
