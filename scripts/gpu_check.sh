#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# On a machine with an NVIDIA GPU: all device tests on it, the results of real runs against those of the CPU, and times.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

usage="usage: scripts/gpu_check.sh [--data FOLDER] [--out FOLDER] [--sanitizer] [--quick]
Runs from the source tree after a build (build/release) or from an unpacked archive of scripts/package.sh. Needs nothing but
the NVIDIA driver and NVRTC (libnvrtc.so.12 or .13, there or named by AXFIRE_NVRTC), and Python 3 for the report.
  --data FOLDER   recordings and networks (AXFIRE_DATA); without them only the tests that need none
  --out FOLDER    where gpu-<name>.json and gpu-<name>.md go (docs/benchmarks)
  --sanitizer     the tests under compute-sanitizer too
  --quick         no times
Ends with 2 where there is no GPU, with 1 where a test fails or a result differs."

data=${AXFIRE_DATA:-}
out=$here/docs/benchmarks
sanitizer=no
quick=
while [ $# -gt 0 ]; do
    case $1 in
        --data | --out)
            if [ $# -lt 2 ]; then
                printf '%s needs a value\n%s\n' "$1" "$usage" >&2
                exit 2
            fi
            if [ "$1" = --data ]; then data=$2; else out=$2; fi
            shift
            ;;
        --sanitizer) sanitizer=yes ;;
        --quick) quick=--quick ;;
        -h | --help)
            echo "$usage"
            exit
            ;;
        *)
            printf "unknown option '%s'\n%s\n" "$1" "$usage" >&2
            exit 2
            ;;
    esac
    shift
done

bin=$here/bin
[ -x "$bin/axfire" ] || bin=$here/build/release/bin
if [ ! -x "$bin/axfire" ] || [ ! -x "$bin/device_tests" ]; then
    echo "$bin holds no axfire and device_tests: build first (docs/building.md), or unpack an archive of package.sh" >&2
    exit 2
fi
# A double may stand in a driver's place in other tests; here nothing may.
unset AXFIRE_CUDA_DRIVER AXFIRE_CUDA_CODE
devices=$("$bin/axfire" info | grep '^device  *cuda' || true)
echo "$devices"
if ! grep -v 'cuda: none: \|; not usable: \|test double' <<<"$devices" | grep -q 'cuda:'; then
    echo "no GPU to check: none is usable" >&2
    exit 2
fi

export AXFIRE_TEST_DEVICE=real
[ -z "$data" ] || export AXFIRE_DATA=$data
status=0
timeout 240 "$bin/device_tests" || status=1
if [ "$sanitizer" = yes ]; then
    timeout 240 compute-sanitizer --error-exitcode 1 --target-processes all "$bin/device_tests" \
        --gtest_filter='DeviceShapes.*' || status=1
fi
if [ -n "$data" ]; then
    mkdir -p "$out"
    timeout 200 python3 "$here/scripts/gpu_check.py" --axfire "$bin/axfire" --data "$data" --out "$out" $quick || status=1
else
    echo "AXFIRE_DATA is not set: no real runs were compared or timed."
fi
exit $status
