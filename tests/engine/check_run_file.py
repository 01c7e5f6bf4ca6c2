#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a run file with programs that Axfire does not contain, and compares it with what was written.

usage: check_run_file.py h5py|libsonata RUN.h5 SAMPLES     the run of tests/engine/run_samples.h, finished
       check_run_file.py partial RUN.h5                    that run, killed; prints the number of samples

Exit status: 0 when all is as it should be, 77 when the module is not installed, 1 otherwise.
"""
import sys

try:
    import numpy as np

    if sys.argv[1] == "libsonata":
        import libsonata
    else:
        import h5py
except ImportError as error:
    print(error)
    sys.exit(77)

STEPS, HIDDEN, OUTPUTS, DT = 20, 30, 4, 0.5
NAME = "conv.1%2Fif"


def expected(samples):
    """Spikes (time, neuron) of both populations and the membranes [steps][outputs], as the header defines them."""
    hidden, out, membrane = [], [], []
    for s in range(samples):
        for t in range(STEPS):
            hidden += [((s * STEPS + t) * DT, n) for n in range(HIDDEN) if (t + n + s) % 7 == 0]
            out += [((s * STEPS + t) * DT, n) for n in range(OUTPUTS) if t == n + s % 10]
            membrane.append([s + 0.01 * t - n for n in range(OUTPUTS)])
    return hidden, out, np.array(membrane).reshape(-1, OUTPUTS)


def check_spikes(group, spikes):
    assert h5py.check_enum_dtype(group.attrs.get_id("sorting").dtype) == {"none": 0, "by_id": 1, "by_time": 2}
    assert group.attrs.get_id("sorting").dtype == np.uint8 and group.attrs["sorting"] == 2
    assert group["timestamps"].dtype == np.float64 and group["node_ids"].dtype == np.uint64
    assert group["timestamps"].attrs["units"] == "ms"
    for name in ("timestamps", "node_ids"):
        assert group[name].compression == "gzip" and group[name].shuffle and group[name].chunks
    assert list(zip(group["timestamps"][:], group["node_ids"][:])) == spikes


def check_h5py(f, samples):
    hidden, out, membrane = expected(samples)
    assert f.attrs["magic"] == 0x0A7A and f.attrs.get_id("magic").dtype == np.uint32
    assert f.attrs["version"].dtype == np.uint32 and f.attrs["version"].shape == (2,)
    assert set(f["spikes"]) == {NAME, "out"} and set(f["report"]) == {"out"}
    check_spikes(f["spikes"][NAME], hidden)
    check_spikes(f["spikes/out"], out)
    assert f["spikes"][NAME].attrs["node"] == "conv.1/if" and list(f["spikes"][NAME].attrs["shape"]) == [2, 3, 5]

    report = f["report/out"]
    assert report["data"].dtype == np.float32 and report["data"].shape == (samples * STEPS, OUTPUTS)
    assert np.allclose(report["data"][:], membrane, atol=1e-5)
    assert list(report["mapping/node_ids"]) == list(range(OUTPUTS))
    assert list(report["mapping/index_pointers"]) == list(range(OUTPUTS + 1))
    assert report["mapping/element_ids"].shape == (OUTPUTS,) and report["mapping/element_ids"].dtype == np.uint32
    assert list(report["mapping/time"]) == [0, samples * STEPS * DT, DT]
    assert report["mapping/time"].attrs["units"] == "ms" and report.attrs["threshold"] == 1

    run = f["axfire"]
    assert run.attrs["samples_planned"] == 8 and run.attrs["samples_done"] == samples
    assert run.attrs["format"] == 1 and run.attrs["seed"] == 0xFEDCBA9876543210 and run.attrs["version"] == "1.2.3"
    assert run.attrs["steps"] == STEPS and run.attrs["dt_ms"] == DT
    assert b"tiny.nir" in run["configuration"][()]
    assert list(run["layers/name"].asstr()) == ["fc", "conv.1/if", "out"]
    rows = run["samples"]
    for name in ("label", "prediction", "spikes_per_layer") + (("readout",) if samples else ()):
        assert rows[name].shape[0] == samples and rows[name].maxshape[0] is None, name
    assert list(rows["label"]) == [s % 4 for s in range(samples)]
    assert list(rows["prediction"]) == [s % 3 for s in range(samples)]
    if samples:
        assert np.array_equal(rows["readout"][:], [[s + 0.25 * n for n in range(OUTPUTS)] for s in range(samples)])
        per_layer = rows["spikes_per_layer"][:]
        assert per_layer[:, 1].sum() == len(hidden) and per_layer[:, 2].sum() == len(out)
    return run


def check_libsonata(path, samples):
    hidden, out, membrane = expected(samples)
    reader = libsonata.SpikeReader(path)
    assert sorted(reader.get_population_names()) == [NAME, "out"]
    for name, spikes in ((NAME, hidden), ("out", out)):
        population = reader[name]
        assert population.sorting == "by_time"
        assert [(t, n) for n, t in population.get()] == spikes
        # node 3 in the second sample
        start, stop = STEPS * DT, (2 * STEPS - 1) * DT
        assert population.get(libsonata.Selection([3]), start, stop) == [
            (n, t) for t, n in spikes if n == 3 and start <= t <= stop
        ]
    for kind in (libsonata.ElementReportReader, libsonata.SomaReportReader):
        population = kind(path)["out"]
        assert kind(path).get_population_names() == ["out"]
        assert population.times == (0, samples * STEPS * DT, DT) and population.time_units == "ms"
        assert population.sorted and list(population.get_node_ids()) == list(range(OUTPUTS))
        frame = population.get()
        assert np.allclose(frame.times, np.arange(samples * STEPS) * DT)
        assert np.allclose(frame.data, membrane, atol=1e-5)
        assert np.allclose(population.get(libsonata.Selection([2])).data[:, 0], membrane[:, 2], atol=1e-5)


if sys.argv[1] == "h5py":
    with h5py.File(sys.argv[2], "r") as file:
        group = check_h5py(file, int(sys.argv[3]))
        assert group.attrs["status"] == "finished"
        assert group["summary"][()] == b'{"accuracy": 0.5}'
        assert group["layers/synaptic_operations"][0] == 1000 * int(sys.argv[3])
elif sys.argv[1] == "partial":
    with h5py.File(sys.argv[2], "r") as file:
        done = int(file["axfire"].attrs["samples_done"])
        group = check_h5py(file, done)
        assert group.attrs["status"] == "running" and "summary" not in group
        print(done)
else:
    check_libsonata(sys.argv[2], int(sys.argv[3]))
