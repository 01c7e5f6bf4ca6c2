#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs real networks on the CPU and on the GPU, compares every hash and writes a report of the times."""

import argparse
import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys
import time

LOA = "loa(k=12)@fp32"
GOAL_UNITS = ("exact@fp32", LOA)
ARITHMETICS = [GOAL_UNITS, ("exact@fp32", "exact@fp32"), ("drum(k=6)@bf16", LOA)]
GOAL = 43  # times the scalar model on all cores, with these units
KERNELS = {"conv2d": "conv2d", "linear": "linear", "affine": "linear"}  # of the scalar model, by a layer's type


def networks(data: pathlib.Path, double: bool):
    """(name, events, model, data, reset, steps, samples that are compared, samples that are timed)."""
    yield ("N-MNIST CNN", True, data / "nir/cnn_sinabs.nir", f"nmnist:{data / 'nmnist/Test'}", "subtract",
           3 if double else 0, 1 if double else 16, 1 if double else 50)
    yield ("LeNet", False, data / "models/mnist_lenet5_98p96.onnx", f"mnist:{data / 'mnist'}", "zero", 0, 1 if double else 200,
           1 if double else 10000)
    if not double:
        yield "ResNet-20", False, data / "models/cifar10_resnet20.onnx", f"cifar10:{data / 'cifar10'}", "zero", 0, 32, 1000


class TimeIsUp(Exception):
    pass


class Check:
    def __init__(self, options):
        self.options = options
        self.end = time.monotonic() + options.seconds  # of all parts
        self.scalar_compiled = ""

    def ask(self, command):
        """The JSON that a command prints."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise TimeIsUp
        try:
            done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=left)
        except subprocess.TimeoutExpired:
            raise TimeIsUp from None
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def run(self, network, units, device, samples):
        _, _, model, data, reset, steps, _, _ = network
        command = [self.options.axfire, "run", model, "--data", data, "--reset", reset, "--mul", units[0], "--add", units[1], "--device",
                   device, "--samples", samples, "--json", "-q"]
        command += ["-T", steps] if steps else []
        command += ["--jit", "off"] if self.options.test_double else []
        return self.ask(command)

    def compare(self, network, units):
        """One row: the same results on both? How fast is each?"""
        name, _, _, _, _, _, compared, timed = network
        cpu = self.run(network, units, "cpu", compared)
        gpu = self.run(network, units, "cuda", compared)
        if ("test double" in gpu["device_name"]) != self.options.test_double:
            sys.exit("the driver is a test double: nothing that it runs is a result of a GPU (--test-double)")
        row = {"network": name, "mul": units[0], "add": units[1], "samples": compared, "result_hash": cpu["result_hash"],
               "equal": cpu["result_hash"] == gpu["result_hash"] and cpu["layers"] == gpu["layers"],
               "predictions_equal": cpu["predictions"] == gpu["predictions"], "device": gpu["device_name"],
               "cpu_threads": cpu["threads"], "cpu_isa": cpu["isa"], "cpu_samples_per_second": cpu["samples_per_second"]}
        row["equal"] = row["equal"] and row["predictions_equal"]
        operations = [(layer["type"], layer["synaptic_operations"] / compared) for layer in cpu["layers"]]
        if not self.options.quick:
            row["gpu_samples"] = timed
            row["gpu_samples_per_second"] = self.run(network, units, "cuda", timed)["samples_per_second"]
            row["against_cpu"] = row["gpu_samples_per_second"] / row["cpu_samples_per_second"]
        return row, operations

    def scalar_model(self, units, cores):
        """Operations in a second of the scalar model on all cores, a process on each, by kernel."""
        command = [self.options.axfire, "bench", "--mul", units[0], "--add", units[1], "--seconds",
                   0.02 if self.options.test_double else 0.2, "--json", "--kernel", "linear", "conv2d", "linear-spikes", "conv2d-spikes"]
        rates = {}
        with concurrent.futures.ThreadPoolExecutor(cores) as pool:
            for result in pool.map(lambda _: self.ask(command), range(cores)):
                self.scalar_compiled = result["scalar_models_compiled"]
                for m in result["measurements"]:
                    if m["arithmetic"] not in ("exact@fp32",) or units[1] == units[0] == "exact@fp32":
                        rates[m["kernel"]] = rates.get(m["kernel"], 0) + 1e9 / m["scalar_model"]["median_ns"]
        return rates

    def limits(self, network, units):
        _, _, model, data, reset, steps, _, _ = network
        samples = 1 if self.options.test_double else 256  # as a run has them at once
        return self.ask([self.options.limits, model, data, samples, steps, *units, reset])


def projected(operations, rates, events):
    """Samples in a second of the scalar model: the sums of the layers alone, at the rate of its kernel of that kind."""
    seconds = sum(n / rates[KERNELS[kind] + ("-spikes" if events else "")] for kind, n in operations if kind in KERNELS)
    return 1 / seconds if seconds else None


def table(head, rows):
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(row) + " |" for row in rows), ""]


def of_limits(row):
    """Cells: the least that integer units and memory need, and which part of its time they explain."""
    limits = [row["integer_limit_ms"], row["memory_limit_ms"]]
    cells = ["unknown" if limit is None else f"{limit:.4f}" for limit in limits]
    known = [limit for limit in limits if limit is not None]
    for limit in (limits[0], max(known) if known else None):
        cells.append(f"{limit / row['milliseconds']:.3f}" if limit is not None and row["milliseconds"] else "")
    return cells


def by_kernel(limits):
    """The kernels of all layers, those of one name together, the longest first."""
    kernels = {}
    for layer in limits["layers"]:
        for kernel in layer["kernels"]:
            row = kernels.setdefault(kernel["kernel"], {"launches": 0, "milliseconds": 0, "integer_limit_ms": 0, "memory_limit_ms": 0})
            for key in row:
                row[key] = None if row[key] is None or kernel[key] is None else row[key] + kernel[key]
    return sorted(kernels.items(), key=lambda item: -item[1]["milliseconds"])


HEAD_OF_LIMITS = ["integer limit, ms", "memory limit, ms", "of the integer limit", "of the nearer limit"]


def page_of_limits(limits):
    lines = [f"## {limits['network']}, `{limits['mul']} + {limits['add']}`", "",
             f"Samples: {limits['samples']}, steps: {limits['steps']}. The card: {limits['multiprocessors']} multiprocessors of "
             f"{limits['integer_lanes']} integer lanes at {limits['clock_hz'] / 1e9:.2f} GHz, {limits['memory_rate'] / 1e9:.0f} GB/s.", ""]
    names = by_kernel(limits)
    total = sum(row["milliseconds"] for _, row in names) + sum(row["milliseconds"] for row in limits["between"])
    share = lambda row: f"{100 * row['milliseconds'] / total:.1f} %" if total else ""
    rows = [[name, str(row["launches"]), f"{row['milliseconds']:.4f}", share(row), *of_limits(row)] for name, row in names]
    rows += [[row["kernel"], str(row["launches"]), f"{row['milliseconds']:.4f}", share(row), "", "", "", ""] for row in limits["between"]]
    lines += table(["kernel", "launches", "ms", "of all"] + HEAD_OF_LIMITS, rows)
    rows = []
    for layer in limits["layers"]:
        for kernel in layer["kernels"]:
            rows.append([layer["name"], layer["type"], kernel["kernel"], f"{kernel['milliseconds']:.4f}", *of_limits(kernel)])
        if len(layer["kernels"]) > 1:
            rows.append([layer["name"], layer["type"], "all", f"{layer['milliseconds']:.4f}", *of_limits(layer)])
    return lines + table(["layer", "kind", "kernel", "ms"] + HEAD_OF_LIMITS, rows)


def goals(report):
    """(reached by all?, a line that says so)"""
    rows = {row["network"]: row for row in report["cases"] if "goal" in row}
    said = [f"{name} {row['against_scalar_model']:.1f} times: {row['goal']}" for name, row in rows.items()]
    said += [f"{name}: not timed" for name in report["goal_of"] if name not in rows]
    reached = len(rows) == len(report["goal_of"]) and all(row["goal"] == "reached" for row in rows.values())
    return reached, f"Goal, {GOAL} times the scalar model on all cores with {' + '.join(GOAL_UNITS)}: {'; '.join(said)}."


def page(report):
    rows = report["cases"]
    lines = [f"# {report['device']}", ""]
    if report["test_double"]:
        lines += ["**Not a GPU.** Made with the test double of the driver, to try the script: its times mean nothing.", ""]
    lines += ["Made by `scripts/gpu_check.sh`. Samples per second, reading and encoding included; the CPU with "
              f"{rows[0]['cpu_threads']} threads, {rows[0]['cpu_isa']} kernels. `equal`: result hash, predictions and operation "
              "counts. The scalar model, one call for each operation, runs a process on each core; its samples per second are those of "
              "the networks' sums alone" +
              (f", compiled {report['scalar_models_compiled']}." if "scalar_models_compiled" in report else "."), ""]
    def cell(row, key, form="{:.1f}"):
        return form.format(row[key]) if row.get(key) else "not timed"
    lines += table(["network", "arithmetic", "equal", "CPU", "GPU", "GPU / CPU", "scalar model, all cores", "GPU / scalar model", "goal"],
                   [[r["network"], f"`{r['mul']} + {r['add']}`", "yes" if r["equal"] else "NO", cell(r, "cpu_samples_per_second"),
                     cell(r, "gpu_samples_per_second"), cell(r, "against_cpu", "{:.2f}"), cell(r, "scalar_samples_per_second", "{:.3f}"),
                     cell(r, "against_scalar_model"), r.get("goal", "")] for r in rows])
    if report["goal_of"]:
        lines += [goals(report)[1], ""]
    if report["limits"]:
        lines += ["Times of kernels are by the card's own clock, from the end of the kernel before; a step begins when all of it is in the stream. "
                  "Limits: additions, products and updates of neurons by the PTX instructions that one more of each adds to a kernel, a "
                  "comparison of pooling or compaction as one; each constant once in a step, each array read or written once, what a kernel keeps "
                  "from step to step both. A kernel that finds its arrays in the cache may pass the memory limit.", ""]
    for limits in report["limits"]:
        lines += page_of_limits(limits)
    if report["not_reached"]:
        lines += ["Not reached in the time: " + "; ".join(report["not_reached"]) + ".", ""]
    lines += [f"FAILED: {error}\n" for error in report["errors"]]
    return "\n".join(lines)


def write(report, out):
    """After each case, so that an end by force leaves what was found. Returns the files' stem; None where nothing can be written."""
    report["device"] = report["cases"][0]["device"]
    stem = out / f"gpu-{re.sub('[^a-z0-9]+', '-', report['device'].lower()).strip('-')}"
    try:
        stem.with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n")
        stem.with_suffix(".md").write_text(page(report))
    except OSError as error:
        print(f"the report cannot be written: {error}", file=sys.stderr)
        return None
    return stem


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--axfire", required=True)
    parser.add_argument("--limits", required=True, help="the program gpu_limits")
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="compare only")
    parser.add_argument("--seconds", type=float, default=280, help="after which nothing more is begun, and what runs is stopped")
    parser.add_argument("--test-double", action="store_true", help="the driver is a test double, to try this script")
    options = parser.parse_args()

    check = Check(options)
    report = {"device": "", "test_double": options.test_double, "cases": [], "limits": [], "not_reached": [], "errors": [],
              "goal_of": [] if options.quick else [network[0] for network in networks(options.data, options.test_double)]}
    rates = {}
    for units in ARITHMETICS:
        for network in networks(options.data, options.test_double):
            name = f"{network[0]}, {units[0]} + {units[1]}"
            try:
                row, operations = check.compare(network, units)
                report["cases"].append(row)
                line = f"{name:<50} {'equal' if row['equal'] else 'DIFFERENT'}"
                if not options.quick:
                    if units not in rates:
                        rates[units] = check.scalar_model(units, row["cpu_threads"])
                    row["scalar_samples_per_second"] = projected(operations, rates[units], network[1])
                    report["scalar_models_compiled"] = check.scalar_compiled
                    row["against_scalar_model"] = row["gpu_samples_per_second"] / row["scalar_samples_per_second"]
                    if units == GOAL_UNITS:
                        row["goal"] = "reached" if row["against_scalar_model"] >= GOAL else "MISSED"
                    report["limits"].append({"network": network[0], "mul": units[0], "add": units[1], **check.limits(network, units)})
                    line += f" {row['against_cpu']:8.2f} times the CPU, {row['against_scalar_model']:8.1f} times the scalar model"
                print(line, flush=True)
                write(report, options.out)
            except TimeIsUp:
                report["not_reached"].append(name)
                print(f"{name:<50} not reached in the time", flush=True)
            except RuntimeError as error:
                report["errors"].append(str(error))
                print(f"{name:<50} FAILED: {error}", flush=True)
        if options.test_double:
            break
    if not report["cases"]:
        print("no case was reached in the time" if not report["errors"] else "no case could be run", file=sys.stderr)
        return 1
    stem = write(report, options.out)
    print(f"written: {stem}.json and .md" if stem else page(report))
    equal = all(row["equal"] for row in report["cases"])
    print("All results are the CPU's." if equal else "RESULTS DIFFER from the CPU's: " +
          "; ".join(f"{row['network']}, {row['mul']} + {row['add']}" for row in report["cases"] if not row["equal"]))
    met = True
    if report["goal_of"]:
        met, line = goals(report)
        print(line)
        if options.test_double:
            print("A test double's times mean nothing: the goal does not count here.")
    return 0 if equal and stem and not report["errors"] and (met or options.test_double) else 1


if __name__ == "__main__":
    sys.exit(main())
