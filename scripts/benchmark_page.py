# SPDX-License-Identifier: Apache-2.0
"""docs/benchmarks.md and its plots from the figures of benchmark.py."""

import math
import os

LAYER_PLOT = "cost-by-spikes.svg"
RECORDING_PLOT = "nmnist-by-spikes.svg"
ACTIVE = "active inputs, %"
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"]  # Okabe and Ito: told apart by people with any colour vision


def number(x):
    return f"{x:.3g}" if abs(x) < 100 else f"{x:.0f}"


def table(head, rows):
    return ["| " + " | ".join(head) + " |", "|---" * len(head) + "|", *("| " + " | ".join(row) + " |" for row in rows), ""]


def with_spread(m, scale=1.0):
    return f"{number(m['median_ns'] * scale)} ({number(m['least_ns'] * scale)} to {number(m['most_ns'] * scale)})"


def modelled(m):
    """What a scalar model is timed for: a multiply-accumulate or an event is one in any layer."""
    return m["kernel"] if m["unit"] == "update" else m["unit"]


def kernels(results):
    measurements = results["measurements"]
    names = list(dict.fromkeys(m["kernel"] for m in measurements))
    by_arithmetic = {}
    for m in measurements:
        by_arithmetic.setdefault(m["arithmetic"], {})[m["kernel"]] = m
    shapes = {m["kernel"]: f"{m['kernel']}: {m['shape']}, ns for each {m['unit']}" for m in measurements}
    page = ["## Kernels", "",
            f"One thread, {results['isa']} kernels. Median time of one operation in ns; in brackets the time over that of native "
            "binary32 in the same kernel and order.", ""]
    page += table(["arithmetic", *names],
                  [[f"`{a}`", *(f"{number(row[n]['median_ns'])} ({number(row[n]['against_native'])})" for n in names)]
                   for a, row in by_arithmetic.items()])
    page += ["; ".join(shapes.values()) + ".", "", "## Against scalar models", "",
             "Each arithmetic's own scalar behavioural model: plain C++, one call for each operation on one number, compiled "
             f"with `{results['scalar_models_compiled']}` and timed in the same run. How many times faster the kernels are:", ""]
    compared = {a: row for a, row in by_arithmetic.items() if all("scalar_model" in m for m in row.values())}
    page += table(["arithmetic", *names],
                  [[f"`{a}`", *(number(row[n]["against_scalar_model"]) for n in names)] for a, row in compared.items()])
    page += ["The models' own time in ns: for each multiply-accumulate, each synaptic event and each update of a neuron; in "
             "brackets the least and the most.", ""]
    rows = [[f"`{a}`", *(with_spread(m["scalar_model"]) for m in {modelled(m): m for m in row.values()}.values())]
            for a, row in compared.items()]
    return page + table(["arithmetic", *dict.fromkeys(modelled(m) for m in measurements)], rows)


def growth_table(rows, quantity, kernel):
    """A line for each value: the operations and the milliseconds of a sample under each arithmetic."""
    chosen = [m for m in rows if m["quantity"] == quantity and m["kernel"] == kernel]
    arithmetics = list(dict.fromkeys(m["arithmetic"] for m in chosen))
    by_value = {}
    for m in chosen:
        by_value.setdefault(m["value"], {})[m["arithmetic"]] = m
    lines = []
    for value, row in by_value.items():
        operations = row[arithmetics[0]]["operations"]
        cells = [f"{value:g}", str(operations)]
        for a in arithmetics:
            cells += [with_spread(row[a], 1e-6), number(row[a]["median_ns"] / operations) if operations else ""]
        lines.append(cells)
    unit = chosen[0]["unit"]
    head = [quantity, f"{unit}s"]
    for a in arithmetics:
        head += [f"`{a}`, ms", f"ns for each {unit}"]
    return table(head, lines)


def growth(results):
    page = ["## Growth", "",
            "Time of one sample in ms on one thread, median and in brackets the least and the most, and that of one operation.", ""]
    for quantity, kernel in dict.fromkeys((m["quantity"], m["kernel"]) for m in results["layers"]):
        shapes = list(dict.fromkeys(m["shape"] for m in results["layers"] if (m["quantity"], m["kernel"]) == (quantity, kernel)))
        page += [f"### {quantity}: {kernel}", "", f"From {shapes[0]} to {shapes[-1]}.", ""]
        page += growth_table(results["layers"], quantity, kernel)
    page += [f"![Time of a sample by active inputs](benchmarks/{LAYER_PLOT})", "", *spikes(results["spikes"]),
             f"### Batch, threads, steps at once: {results['network']}", "",
             f"With `{results['add']}`; samples in a second, median and in brackets the least and the most. Batches and steps run on "
             f"{results['threads']} threads.", ""]
    for quantity in dict.fromkeys(row["quantity"] for row in results["runs"]):
        page += table([quantity, "samples/s", "memory, MiB"],
                      [[str(row["value"]), f"{number(row['median'])} ({number(row['least'])} to {number(row['most'])})",
                        f"{row['memory_mib']:.0f}"] for row in results["runs"] if row["quantity"] == quantity])
    return page


def runs(results):
    n = str(results["threads"])
    rows = []
    for row in results["rows"]:
        one, every = row["1"], row[n]
        rows.append([row["network"], f"`{row['mul']}`", f"`{row['add']}`",
                     *(f"{number(r['median'])} ({number(r['least'])} to {number(r['most'])})" for r in (one, every)),
                     f"{every['median'] / one['median']:.2f}", f"{row['processes']['median'] / one['median']:.2f}",
                     f"{every['memory_mib']:.0f}"])
    return ["## Whole runs", "",
            f"Samples in a second, reading and encoding included; medians of {results['repetitions']} runs, in brackets the least "
            f"and the most. Results are the same bits on any number of threads. Beside the speed-up by {n} threads stands that of {n} "
            "processes of one thread each, run at the same time: what the machine itself allows.", "",
            *table(["network", "mul", "add", "1 thread", f"{n} threads", "speed-up", f"{n} processes", "memory, MiB"], rows)]


def spikes(results):
    """A line for each share of the events that was kept."""
    arithmetics = list(dict.fromkeys((row["mul"], row["add"]) for row in results["rows"]))
    lines = []
    for kept in dict.fromkeys(row["kept"] for row in results["rows"]):
        rows = [row for row in results["rows"] if row["kept"] == kept]
        cells = [f"{100 * kept:.3g}", number(rows[0]["operations"])]
        for row in rows:
            cells.append(f"{number(1e3 * row['median'])} ({number(1e3 * row['least'])} to {number(1e3 * row['most'])})")
        lines.append(cells)
    return [f"### Spikes: {results['network']}", "",
            f"One thread, {results['samples']} recordings of which a share of the events is kept. Milliseconds for a recording, median "
            "and in brackets the least and the most.", "",
            *table(["events kept, %", "synaptic operations", *(f"`{m}` + `{a}`, ms" for m, a in arithmetics)], lines),
            f"![Time of a recording by synaptic operations](benchmarks/{RECORDING_PLOT})", ""]


def layer_plot(layers):
    series = {}
    for m in layers:
        if m["quantity"] == ACTIVE and m["value"] > 0:
            series.setdefault(f"{m['kernel']}, {m['arithmetic']}", []).append((m["value"], m["median_ns"] * 1e-6))
    return plot(series, "active inputs in a step (%)", "time of a sample (ms)")


def recording_plot(results):
    series = {}
    for row in results["rows"]:
        series.setdefault(f"{row['mul']}, {row['add']}", []).append((row["operations"], row["median"] * 1e3))
    return plot(series, "synaptic operations of a recording", "time of a recording (ms)")


def decades(values):
    return math.floor(math.log10(min(values)) + 0.01), math.ceil(math.log10(max(values)) - 0.01)


def plot(series, x_name, y_name):
    """Both axes logarithmic, so that a proportional cost has slope 1."""
    first, last = decades([x for points in series.values() for x, _ in points])
    low, high = decades([y for points in series.values() for _, y in points])
    left, top, width, height = 70, 30, 430, 360

    def place(x, y):
        return left + (math.log10(x) - first) / (last - first) * width, top + (high - math.log10(y)) / (high - low) * height

    svg = ['<svg xmlns="http://www.w3.org/2000/svg" width="760" height="450" viewBox="0 0 760 450" font-family="sans-serif" '
           'font-size="12">', f"<title>{y_name} by {x_name}</title>",
           '<rect width="760" height="450" fill="white"/>',
           f'<rect x="{left}" y="{top}" width="{width}" height="{height}" fill="none" stroke="#444"/>']

    def text(x, y, words, anchor="start", more=""):
        svg.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{words}</text>')

    def path(points, style):
        svg.append('<polyline fill="none" points="' + " ".join(f"{x:.1f},{y:.1f}" for x, y in points) + f'" {style}/>')

    for decade in range(first, last + 1):
        x, _ = place(10.0 ** decade, 10.0 ** high)
        path([(x, top), (x, top + height)], 'stroke="#ddd"')
        text(x, top + height + 18, f"{10.0 ** decade:g}", "middle")
    for decade in range(low, high + 1):
        _, y = place(10.0 ** first, 10.0 ** decade)
        path([(left, y), (left + width, y)], 'stroke="#ddd"')
        text(left - 8, y + 4, f"{10.0 ** decade:g}", "end")
    text(left + width / 2, top + height + 40, x_name, "middle")
    text(18, top + height / 2, y_name, "middle", f' transform="rotate(-90 18 {top + height / 2})"')
    for i, (name, points) in enumerate(series.items()):
        style = f'stroke="{COLOURS[i % len(COLOURS)]}"'
        path([place(*p) for p in points], f'{style} stroke-width="2"')
        for x, y in (place(*p) for p in points):
            svg.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{COLOURS[i % len(COLOURS)]}"/>')
        path([(left + width + 14, top + 12 + 34 * i), (left + width + 34, top + 12 + 34 * i)], f'{style} stroke-width="2"')
        above, below = name.split(", ", 1)
        text(left + width + 40, top + 10 + 34 * i, above)
        text(left + width + 40, top + 25 + 34 * i, below)
        x, y = points[-1]  # what a cost proportional to the spikes would be
        reach = min(math.log10(x) - first, math.log10(y) - low)
        path([place(x, y), place(x / 10 ** reach, y / 10 ** reach)], f'{style} stroke-dasharray="3 4" stroke-opacity="0.6"')
    text(left + width + 14, top + 20 + 34 * len(series), "dashed: proportional to the spikes")
    return "\n".join([*svg, "</svg>"]) + "\n"


def write(results, output):
    page = ["# Benchmarks", "",
            f"Made by `scripts/benchmark.py` on one machine ({results['processor']}); figures are those of that machine.",
            "Results are compared with the general kernels' before they are timed, and a linear layer's with the scalar models'.", ""]
    for name, part in (("kernels", kernels), ("growth", growth), ("runs", runs)):
        if name in results:
            page += part(results[name])
    with open(output, "w", encoding="utf-8") as file:
        file.write("\n".join(page).rstrip() + "\n")
    if "growth" in results:
        folder = os.path.join(os.path.dirname(output), "benchmarks")
        os.makedirs(folder, exist_ok=True)
        for name, svg in ((LAYER_PLOT, layer_plot(results["growth"]["layers"])),
                          (RECORDING_PLOT, recording_plot(results["growth"]["spikes"]))):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(svg)
