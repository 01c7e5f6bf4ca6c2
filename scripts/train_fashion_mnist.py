#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the demo's spiking network on Fashion-MNIST and writes it as a NIR file.

Debian packages: python3-torch python3-h5py dataset-fashion-mnist. The network of scripts/data came from

    python3 scripts/train_fashion_mnist.py -o scripts/data/fashion_mnist_snn.nir

Five layers; each image is presented unchanged (pixel / 255) in every one of T steps of 1 ms:

    Conv 1->16, 5x5, stride 2 - IF - Conv 16->32, 3x3, stride 2 - IF - Conv 32->64, 3x3, stride 2 - IF
    - Flatten - Affine 1024->64 - IF - Affine 64->10 - I

The neurons are those of docs/arithmetic.md: v += I; a spike where v > 1; then v -= 1; at most one spike a step. Biases
are added in every step. The read-out integrates without a threshold; the class is its largest final membrane potential.
Gradients: backpropagation through time, the derivative of the spike replaced by 1 / (1 + (pi (v - 1))^2) (the
arctangent surrogate of Fang et al., "Incorporating Learnable Membrane Time Constant...", ICCV 2021), reset included.
"""
import argparse
import gzip
import math
import os
import sys
import time

import h5py
import numpy as np
import torch
import torch.nn.functional as F

THRESHOLD = 1.0
CONVS = [("1", 1, 16, 5, 2), ("2", 16, 32, 3, 1), ("3", 32, 64, 3, 1)]  # name, in, out, kernel, padding; stride 2
SIDES = [14, 7, 4]  # height and width after each of them
HIDDEN = 64
CLASSES = 10


class IntegrateAndFire(torch.autograd.Function):
    """Currents [T, ...] to spikes [T, ...], from v = 0."""

    @staticmethod
    def forward(ctx, currents):
        v = torch.zeros_like(currents[0])
        before_reset = torch.empty_like(currents)
        for t in range(currents.shape[0]):
            v = v + currents[t]
            before_reset[t] = v
            v = v - THRESHOLD * (v > THRESHOLD).to(v.dtype)
        ctx.save_for_backward(before_reset)
        return (before_reset > THRESHOLD).to(currents.dtype)

    @staticmethod
    def backward(ctx, grad_spikes):
        (before_reset,) = ctx.saved_tensors
        slope = 1.0 / (1.0 + (math.pi * (before_reset - THRESHOLD)) ** 2)
        grad_currents = torch.empty_like(grad_spikes)
        carry = torch.zeros_like(grad_spikes[0])
        for t in reversed(range(grad_spikes.shape[0])):
            carry = carry + slope[t] * (grad_spikes[t] - THRESHOLD * carry)
            grad_currents[t] = carry
        return grad_currents


class SpikingNetwork(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.convs = torch.nn.ModuleList(
            torch.nn.Conv2d(c_in, c_out, k, stride=2, padding=pad) for _, c_in, c_out, k, pad in CONVS)
        self.hidden = torch.nn.Linear(CONVS[-1][2] * SIDES[-1] ** 2, HIDDEN)
        self.readout = torch.nn.Linear(HIDDEN, CLASSES)
        for layer in [*self.convs, self.hidden, self.readout]:
            torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            torch.nn.init.zeros_(layer.bias)

    def forward(self, images, steps):
        """Images [N, 1, 28, 28] to the read-out's final membranes [N, 10] and the spikes of each layer [T, N, ...]."""
        spikes = []
        current = self.convs[0](images).unsqueeze(0).expand(steps, -1, -1, -1, -1)  # the same in every step
        spikes.append(IntegrateAndFire.apply(current))
        for conv in self.convs[1:]:
            current = conv(spikes[-1].flatten(0, 1))
            spikes.append(IntegrateAndFire.apply(current.unflatten(0, (steps, -1))))
        spikes.append(IntegrateAndFire.apply(self.hidden(spikes[-1].flatten(2))))
        return self.readout(spikes[-1]).sum(0), spikes


def read_idx(path):
    """An IDX file of unsigned bytes, compressed by gzip."""
    with gzip.open(path) as file:
        data = file.read()
    if len(data) < 4 or data[:3] != b"\0\0\x08":
        sys.exit(f"{path}: not an IDX file of bytes")
    rank = data[3]
    shape = np.frombuffer(data, ">u4", rank, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


def load(folder, part):
    """Images [N, 1, 28, 28] in 0..1 and labels [N]; part is "train" or "t10k"."""
    images = read_idx(os.path.join(folder, f"{part}-images-idx3-ubyte.gz"))
    labels = read_idx(os.path.join(folder, f"{part}-labels-idx1-ubyte.gz"))
    images = torch.from_numpy(images.astype(np.float32) / np.float32(255)).unsqueeze(1)
    return images, torch.from_numpy(labels.astype(np.int64))


def augmented(images):
    """Half of the images mirrored, each batch moved by up to one pixel."""
    mirrored = torch.rand(images.shape[0], 1, 1, 1) < 0.5
    images = torch.where(mirrored, images.flip(3), images)
    dy, dx = torch.randint(0, 3, (2,)).tolist()
    return F.pad(images, (1, 1, 1, 1))[:, :, dy:dy + 28, dx:dx + 28]


def train(network, images, labels, options):
    optimiser = torch.optim.Adam(network.parameters(), lr=options.rate)
    batches = len(labels) // options.batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, options.rate, options.epochs * batches, pct_start=0.2)
    start = time.monotonic()
    for epoch in range(options.epochs):
        order = torch.randperm(len(labels))
        total = 0.0
        for batch in range(batches):
            chosen = order[batch * options.batch:(batch + 1) * options.batch]
            membranes, _ = network(augmented(images[chosen]), options.steps)
            loss = F.cross_entropy(membranes / 2, labels[chosen], label_smoothing=0.05)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1}/{options.epochs}: loss {total / batches:.4f}, "
              f"{time.monotonic() - start:.0f} s", flush=True)


@torch.no_grad()
def evaluate(network, images, labels, steps):
    """Accuracy, predictions [N] and spikes of each layer and sample [layers][N]."""
    predictions, counts = [], []
    for chosen in torch.arange(len(labels)).split(250):
        membranes, spikes = network(images[chosen], steps)
        predictions.append(membranes.argmax(1))
        counts.append(torch.stack([layer.transpose(0, 1).flatten(1).sum(1) for layer in spikes]))
    predictions = torch.cat(predictions)
    return (predictions == labels).double().mean().item(), predictions, torch.cat(counts, 1)


def write_nir(path, network, metadata):
    """NIR 0.2.0: see the NIR paper (Pedersen et al., Nature Communications 2024) and its Python package."""

    def node(parent, name, kind, **fields):
        group = parent.create_group(name)
        group["type"] = kind
        for key, value in fields.items():
            value = np.asarray(value)
            packed = {"compression": "gzip", "compression_opts": 9, "shuffle": True} if value.size > 64 else {}
            group.create_dataset(key, data=value, **packed)

    def weights(layer):
        return {"weight": layer.weight.detach().numpy(), "bias": layer.bias.detach().numpy()}

    def fire(parent, name, shape):
        node(parent, name, "IF", r=np.ones(shape, np.float32), v_threshold=np.full(shape, THRESHOLD, np.float32))

    with h5py.File(path, "w") as file:
        file["version"] = "0.2.0"
        root = file.create_group("node")
        root["type"] = "NIRGraph"
        nodes = root.create_group("nodes")
        node(nodes, "input", "Input", shape=[1, 28, 28])
        chain = ["input"]
        for (name, _, c_out, _, pad), conv, side_in, side in zip(CONVS, network.convs, [28, *SIDES], SIDES):
            node(nodes, "conv" + name, "Conv2d", input_shape=[side_in, side_in], stride=[2, 2], padding=[pad, pad],
                 dilation=[1, 1], groups=1, **weights(conv))
            fire(nodes, "if" + name, (c_out, side, side))
            chain += ["conv" + name, "if" + name]
        node(nodes, "flatten", "Flatten", start_dim=0, end_dim=-1, input_type=[CONVS[-1][2], SIDES[-1], SIDES[-1]])
        node(nodes, "hidden", "Affine", **weights(network.hidden))
        fire(nodes, "if4", (HIDDEN,))
        node(nodes, "classes", "Affine", **weights(network.readout))
        node(nodes, "readout", "I", r=np.ones(CLASSES, np.float32))
        node(nodes, "output", "Output", shape=[CLASSES])
        chain += ["flatten", "hidden", "if4", "classes", "readout", "output"]
        root.create_dataset("edges", data=list(zip(chain, chain[1:])), dtype=h5py.string_dtype())
        provenance = root.create_group("metadata")
        for key, value in metadata.items():
            provenance[key] = str(value)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", required=True, help="NIR file to write")
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist", help="folder of the four IDX files")
    parser.add_argument("--steps", type=int, default=8, help="time steps of one image")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--rate", type=float, default=2e-3, help="largest learning rate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2, help="another number gives other sums, hence other weights")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    torch.use_deterministic_algorithms(True)
    network = SpikingNetwork()
    start = time.monotonic()
    train(network, *load(options.data, "train"), options)
    seconds = time.monotonic() - start

    accuracy, _, counts = evaluate(network, *load(options.data, "t10k"), options.steps)
    print(f"test accuracy {100 * accuracy:.2f} % of {counts.shape[1]}, trained in {seconds:.0f} s")
    for layer, mean in enumerate(counts.double().mean(1).tolist(), 1):
        print(f"  if{layer}: {mean:.2f} spikes per sample")
    write_nir(options.output, network, {
        "script": "scripts/train_fashion_mnist.py", "data": "Fashion-MNIST, Zalando SE, MIT licence",
        "torch": torch.__version__, "seed": options.seed, "threads": options.threads, "epochs": options.epochs,
        "batch": options.batch, "rate": options.rate, "steps": options.steps, "reset": "subtract",
        "test_accuracy": f"{accuracy:.4f}"})
    print(f"wrote {options.output}, {os.path.getsize(options.output) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
