#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exports image-classification architectures from PyTorch to ONNX, each with samples and PyTorch's logits,
and compares Axfire with them.

usage: torch_architectures.py --output FOLDER [--only NAME,...] [--samples S] [--seed N] [--opset N]
                              [--fold-bn | --keep-bn] [--dynamic-batch]
       torch_architectures.py --output FOLDER --compare AXFIRE [--options TEXT] [--only NAME,...] [--report FILE]

Needs torch, torchvision and h5py (Debian: python3-torch, python3-torchvision, python3-h5py). For each architecture
FOLDER gets

    NAME.onnx           the graph as it is deployed: batch norm folded into the convolutions before it
    NAME_bn.onnx        the same with every BatchNormalization left in; only where there is one
    NAME.h5             /input [S, C, H, W] and /labels [S], for --data hdf5:NAME.h5
    NAME_logits.npy     float32 [S, 1000]: PyTorch's output
    NAME_logits64.npy   float64 [S, 1000]: the same weights and samples in binary64
    NAME.json           parameters, multiply-accumulates of a sample, opset, forms

Weights are random; `calibrate` sets their scale. The same seed on the same machine gives the same files, with or
without --only. The second use exports nothing: it runs AXFIRE on what FOLDER holds.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import warnings

import h5py
import numpy as np
import torch
import torchvision
import torchvision.models as zoo
from torch import nn

HEAD = ("| architecture | parameters | multiply-accumulates | batch norm kept | error to float32 | error to float64 | "
        "PyTorch's own | seconds a sample |\n|---|---|---|---|---|---|---|---|")


class SqueezeExcitation(nn.Module):
    """J. Hu, L. Shen, G. Sun, "Squeeze-and-Excitation Networks", CVPR 2018, section 3: reduction ratio 16."""

    def __init__(self, channels):
        super().__init__()
        self.squeeze = nn.AdaptiveAvgPool2d(1)
        self.excite = nn.Sequential(nn.Linear(channels, channels // 16), nn.ReLU(), nn.Linear(channels // 16, channels),
                                    nn.Sigmoid())

    def forward(self, x):  # [N, C, H, W]
        gate = self.excite(torch.flatten(self.squeeze(x), 1))
        return x * gate[:, :, None, None]


def senet(resnet):
    """A ResNet with a squeeze-and-excitation after the last batch norm of each block, before the sum (figure 3)."""
    for block in resnet.modules():
        for kind, last in ((zoo.resnet.BasicBlock, "bn2"), (zoo.resnet.Bottleneck, "bn3")):
            if isinstance(block, kind):
                norm = getattr(block, last)
                setattr(block, last, nn.Sequential(norm, SqueezeExcitation(norm.num_features)))
    return resnet


ARCHITECTURES = {  # name: (build, height and width)
    "vgg11": (zoo.vgg11, 224),
    "vgg16_bn": (zoo.vgg16_bn, 224),
    "resnet18": (zoo.resnet18, 224),
    "resnet50": (zoo.resnet50, 224),
    "se_resnet18": (lambda: senet(zoo.resnet18()), 224),
    "se_resnet50": (lambda: senet(zoo.resnet50()), 224),
    "densenet121": (zoo.densenet121, 224),
    "googlenet": (lambda: zoo.googlenet(aux_logits=False, init_weights=True), 224),
    "googlenet_transform": (lambda: zoo.googlenet(aux_logits=False, init_weights=True, transform_input=True), 224),
    "inception_v3": (lambda: zoo.inception_v3(aux_logits=False, init_weights=True), 299),
    "mobilenet_v2": (zoo.mobilenet_v2, 224),
    "mobilenet_v3_small": (zoo.mobilenet_v3_small, 224),
    "shufflenet_v2_x0_5": (zoo.shufflenet_v2_x0_5, 224),
    "squeezenet1_1": (zoo.squeezenet1_1, 224),
    "efficientnet_b0": (zoo.efficientnet_b0, 224),
}


def random_images(count, size, seed):
    """float32 [count, 3, size, size]: noise of equal variance in every octave, as photographs have about, so that
    pooled features differ between images; then pixels 0..1 normalised as is usual for ImageNet."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.zeros(count, 3, size, size)
    for octave in range(9):
        cells = torch.randn(count, 3, 2**octave, 2**octave, generator=generator)
        noise += nn.functional.interpolate(cells, (size, size), mode="bilinear", align_corners=False)
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    noise = (noise - noise.mean((0, 2, 3), keepdim=True)) / noise.std((0, 2, 3), keepdim=True)
    return ((mean + std * noise).clamp(0, 1) - mean) / std


def calibrate(model, images, generator):
    """Gives every layer activations of order 1 that differ between images, in one pass over `images`.

    A layer is set when the pass reaches it, so it sees what the layers before it, already set, give. Convolutions and
    fully connected layers: the weights are scaled to a standard deviation of 1 of the output, and a bias puts the mean
    of each channel at a random place (D. Mishkin, J. Matas, "All you need is a good init", ICLR 2016; P. Kraehenbuehl
    et al., "Data-dependent initializations of convolutional neural networks", ICLR 2016). Batch norm: mean and variance
    near those of its input, scale and shift at random. The scales spread so that relu6 and the hard sigmoid reach both
    ends; the places are around 0.5, since around 0 a deep network of ReLU is chaotic: ResNet-50 in binary32 was 3 to 5
    times farther from binary64. Every value is random in part, so no two of a graph's tensors are equal: the exporter
    would store equal ones once.
    """

    def normal(like, mean, std):
        return mean + std * torch.randn(like.shape, generator=generator)

    def set_weights(layer, inputs, output):  # [N, C] or [N, C, H, W]
        if layer.bias is not None:
            output = output - layer.bias.view(-1, *[1] * (output.dim() - 2))
        means = output.transpose(0, 1).flatten(1).mean(1)  # [C]
        centred = output - means.view(-1, *[1] * (output.dim() - 2))
        scale = 1 / centred.square().mean().sqrt()
        layer.weight *= scale
        if layer.bias is None:
            return output * scale
        places = normal(means, 0.5, 0.2)
        layer.bias.copy_(places - means * scale)
        return centred * scale + places.view(-1, *[1] * (output.dim() - 2))

    def set_norm(layer, inputs):
        channels = inputs[0].transpose(0, 1).flatten(1)
        mean, variance = channels.mean(1), channels.var(1)
        layer.running_mean.copy_(mean + variance.sqrt() * normal(mean, 0, 0.1))
        layer.running_var.copy_(variance * normal(mean, 0, 0.1).exp())
        layer.weight.copy_(normal(mean, 0, 0.4).exp())
        layer.bias.copy_(normal(mean, 0.5, 0.2))

    hooks = []
    for layer in model.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            hooks.append(layer.register_forward_hook(set_weights))
        elif isinstance(layer, nn.BatchNorm2d):
            hooks.append(layer.register_forward_pre_hook(set_norm))
    model(images)
    for hook in hooks:
        hook.remove()


def multiply_accumulates(model, image):  # image: [1, 3, H, W]
    """Of convolutions and fully connected layers for one sample."""
    total = 0

    def count(layer, inputs, output):
        nonlocal total
        total += output.numel() * layer.weight[0].numel()

    layers = [layer for layer in model.modules() if isinstance(layer, (nn.Conv2d, nn.Linear))]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    model(image)
    for hook in hooks:
        hook.remove()
    return total


def export(model, size, path, opset, keep_bn, dynamic_batch):
    # The exporter warns of models in training mode; this one is not.
    warnings.filterwarnings("ignore", "It is recommended that constant folding be turned off")
    form = torch.onnx.TrainingMode.PRESERVE if keep_bn else torch.onnx.TrainingMode.EVAL
    axes = {"input": {0: "batch"}, "logits": {0: "batch"}} if dynamic_batch else None
    torch.onnx.export(model, torch.zeros(1, 3, size, size), path, opset_version=opset, training=form,
                      do_constant_folding=True, input_names=["input"], output_names=["logits"], dynamic_axes=axes)


def write_samples(images, path):
    with h5py.File(path, "w") as f:
        f.create_dataset("input", data=images.numpy(), chunks=(1, *images.shape[1:]))
        f["labels"] = np.zeros(len(images), dtype=np.int32)


def make(name, args):
    build, size = ARCHITECTURES[name]
    path = os.path.join(args.output, name)
    torch.manual_seed(args.seed)
    model = build().eval()
    calibrate(model, random_images(8, size, args.seed + 1), torch.Generator().manual_seed(args.seed + 2))
    images = random_images(args.samples, size, args.seed + 3)
    has_norm = any(isinstance(layer, nn.BatchNorm2d) for layer in model.modules())
    forms = []
    if args.form != "keep" or not has_norm:
        forms.append(name + ".onnx")
        export(model, size, path + ".onnx", args.opset, False, args.dynamic_batch)
    if args.form != "fold" and has_norm:
        forms.append(name + "_bn.onnx")
        export(model, size, path + "_bn.onnx", args.opset, True, args.dynamic_batch)
    write_samples(images, path + ".h5")
    logits = model(images).numpy()
    about = {"samples": len(images), "opset": args.opset, "forms": forms,
             "parameters": sum(p.numel() for p in model.parameters()),
             "multiply_accumulates": multiply_accumulates(model, images[:1]),
             "torch": torch.__version__, "torchvision": torchvision.__version__}
    logits64 = model.double()(images.double()).numpy()
    np.save(path + "_logits.npy", logits)
    np.save(path + "_logits64.npy", logits64)
    with open(path + ".json", "w") as f:
        json.dump(about, f, indent=1)
    files = [os.path.join(args.output, form) for form in forms]
    files += [path + end for end in (".h5", "_logits.npy", "_logits64.npy")]
    print(f"{name}: logits' standard deviation {logits64.std():.2f}, between samples {logits64.std(0).mean():.2f}; "
          f"float32 to float64 {relative_error(logits, logits64):.1e}")
    for file in files:
        with open(file, "rb") as f:
            print(f"  {hashlib.sha256(f.read()).hexdigest()[:16]}  {os.path.basename(file)}", flush=True)


def relative_error(found, expected):
    """The largest difference over the largest value; of arrays [S, 1000]."""
    if found.shape != expected.shape:
        sys.exit(f"shape {found.shape}, but {expected.shape} expected")
    return np.abs(found.astype(np.float64) - expected).max() / np.abs(expected).max()


def run(axfire, model, data, options):
    """(read-out [S, 1000], the JSON summary), or (None, what the program said)."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.h5")
        command = [axfire, "run", model, "--data", "hdf5:" + data, "-o", out, "--json", "-q", *options]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode != 0:
            return None, result.stderr.strip() or f"exit status {result.returncode}"
        with h5py.File(out, "r") as f:
            return f["axfire/samples/readout"][:], json.loads(result.stdout)


def compare(names, args):
    rows, version = [], ""
    for name in names:
        path = os.path.join(args.output, name)
        with open(path + ".json") as f:
            about = json.load(f)
        logits, logits64 = np.load(path + "_logits.npy"), np.load(path + "_logits64.npy")
        start = f"| {name} | {about['parameters'] / 1e6:.2f} M | {about['multiply_accumulates'] / 1e6:.0f} M |"
        torchs = f"{relative_error(logits, logits64):.1e}"
        for form in about["forms"]:
            kept = "yes" if form == name + "_bn.onnx" else "no"
            readout, summary = run(args.compare, os.path.join(args.output, form), path + ".h5", args.options.split())
            if readout is None:
                print(f"{form}: {summary}", flush=True)
                rows.append(f"{start} {kept} | not run | not run | {torchs} | |")
                continue
            errors = [relative_error(readout, expected) for expected in (logits, logits64)]
            seconds = summary["seconds"] / len(readout)
            version = summary.get("axfire", "")
            print(f"{form}: to PyTorch float32 {errors[0]:.1e}, to float64 {errors[1]:.1e}; {seconds:.3g} s a sample",
                  flush=True)
            rows.append(f"{start} {kept} | {errors[0]:.1e} | {errors[1]:.1e} | {torchs} | {seconds:.3g} |")
    if args.report:
        with open(args.report, "w") as f:
            f.write(report(rows, about, version, args.options))
    return not any("not run" in row for row in rows)


def report(rows, about, version, options):
    command = f"axfire run NAME.onnx --data hdf5:NAME.h5 -o out.h5 {options}".strip()
    return f"""# Architectures from PyTorch

Made by `scripts/torch_architectures.py` with axfire {version}; no figure here is typed by hand.

Each architecture is exported by PyTorch {about['torch']} and torchvision {about['torchvision']} in ONNX opset
{about['opset']}, with random weights scaled so that activations are of order 1 in every layer, and run on
{about['samples']} random images:

    {command}

*Error*: the largest difference between Axfire's 1000 outputs and the reference's over all samples, divided by the
reference's largest output. The reference is PyTorch's output in binary32, then the same weights evaluated in binary64;
the column beside them says how far PyTorch's binary32 itself is from binary64. *Batch norm kept*: as nodes of the
graph; else folded into the convolutions by the exporter, where it follows one. *Multiply-accumulates*: of convolutions
and fully connected layers, for one sample.

{HEAD}
""" + "\n".join(rows) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--output", required=True, metavar="FOLDER",
                        help="where the files are written, or are for --compare")
    parser.add_argument("--only", metavar="NAME,...", help="of " + ", ".join(ARCHITECTURES))
    parser.add_argument("--samples", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--opset", type=int, default=11)
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--fold-bn", dest="form", action="store_const", const="fold",
                       help="write only the form with batch norm folded")
    forms.add_argument("--keep-bn", dest="form", action="store_const", const="keep",
                       help="write only the form with batch norm kept, where there is any")
    parser.add_argument("--dynamic-batch", action="store_true", help="leave the number of samples open; default: 1")
    parser.add_argument("--compare", metavar="AXFIRE", help="export nothing, run this program on what FOLDER holds")
    parser.add_argument("--options", default="",
                        help="more options of axfire run, in one argument: --options='--threads 1'")
    parser.add_argument("--report", metavar="FILE", help="with --compare: write the results as a page")
    args = parser.parse_args()

    names = args.only.split(",") if args.only else list(ARCHITECTURES)
    for name in names:
        if name not in ARCHITECTURES:
            parser.error(f"--only: {name}; there are {', '.join(ARCHITECTURES)}")
    if args.compare:
        names = [name for name in names if os.path.exists(os.path.join(args.output, name + ".json"))]
        if not names:
            sys.exit(f"{args.output}: nothing exported here")
        return 0 if compare(names, args) else 1
    torch.set_num_threads(1)  # the order of sums depends on it
    os.makedirs(args.output, exist_ok=True)
    with torch.no_grad():
        for name in names:
            make(name, args)
    return 0


if __name__ == "__main__":
    sys.exit(main())
