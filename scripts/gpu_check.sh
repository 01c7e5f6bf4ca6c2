#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# On a machine with an NVIDIA GPU: all device tests on it, the results of real runs against those of the CPU, and times.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

usage="usage: scripts/gpu_check.sh [--data FOLDER] [--out FOLDER] [--sanitizer] [--quick] [--test-double]
Runs from the source tree after a build (build/release) or from an unpacked archive of scripts/package.sh. Needs nothing but
the NVIDIA driver and NVRTC (libnvrtc.so.12 or .13, there or named by AXFIRE_NVRTC), and Python 3 for the report.
  --data FOLDER   recordings and networks (AXFIRE_DATA); without them only the tests that need none
  --out FOLDER    where gpu-<name>.json and gpu-<name>.md go (docs/benchmarks)
  --sanitizer     the tests under compute-sanitizer too
  --quick         no times
  --test-double   to try this script without a GPU: the test double of the driver, few samples, no tests; needs --out
It takes 8 minutes at most; what is not reached by then is named in the report. Ends with 2 where there is no GPU or nothing can be written, with
1 where a test fails, a result differs or the speed does not reach its goal, which the last lines say."

data=${AXFIRE_DATA:-}
out=$here/docs/benchmarks
sanitizer=no
out_given=no
quick=
double=no
while [ $# -gt 0 ]; do
    case $1 in
        --data | --out)
            if [ $# -lt 2 ]; then
                printf '%s needs a value\n%s\n' "$1" "$usage" >&2
                exit 2
            fi
            if [ "$1" = --data ]; then data=$2; else out=$2 out_given=yes; fi
            shift
            ;;
        --sanitizer) sanitizer=yes ;;
        --quick) quick=--quick ;;
        --test-double) double=yes ;;
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

bin=${AXFIRE_BIN:-$here/bin}  # tests run builds of other names
[ -x "$bin/axfire" ] || bin=$here/build/release/bin
if [ ! -x "$bin/axfire" ] || [ ! -x "$bin/device_tests" ] || [ ! -x "$bin/gpu_limits" ]; then
    echo "$bin holds no axfire, device_tests and gpu_limits: build first (docs/building.md), or unpack an archive of package.sh" >&2
    exit 2
fi
limit=470  # seconds, of all parts together
left() {
    local most=$1 rest=$((limit - SECONDS))
    echo $((rest < most ? (rest > 1 ? rest : 1) : most))
}
report() {
    python3 "$here/scripts/gpu_check.py" --axfire "$bin/axfire" --limits "$bin/gpu_limits" --data "$data" --out "$out" \
        --seconds "$(left 300)" $quick "$@"
}

# Before minutes are spent.
writable() {
    if ! { mkdir -p "$out" && touch "$out/.gpu-check" && rm "$out/.gpu-check"; } 2>/dev/null; then
        echo "nothing can be written to $out: name another folder by --out" >&2
        exit 2
    fi
}

if [ "$double" = yes ]; then
    if [ "$out_given" = no ] || [ -z "$data" ]; then
        echo "--test-double needs --out and --data: its report is not one of a GPU" >&2
        exit 2
    fi
    export AXFIRE_CUDA_DRIVER=${AXFIRE_TEST_DOUBLE:-$here/lib/libcuda_double.so} AXFIRE_CUDA_CODE=ptx
    [ -e "$AXFIRE_CUDA_DRIVER" ] || export AXFIRE_CUDA_DRIVER=$here/build/release/tests/libcuda_double.so
    writable
    report --test-double
    exit
fi
# A double may stand in a driver's place in other tests; here nothing may.
unset AXFIRE_CUDA_DRIVER AXFIRE_CUDA_CODE
info=$("$bin/axfire" info)
devices=$(grep '^device  *cuda\|^driver\|^NVRTC' <<<"$info" || true)
echo "$devices"
if ! grep -v 'cuda: none: \|; not usable: \|test double' <<<"$devices" | grep -q 'cuda:'; then
    echo "no GPU to check: none is usable" >&2
    exit 2
fi

[ -z "$data" ] || writable
# Kernels are compiled once for all parts, wherever they can be kept.
cache=${XDG_CACHE_HOME:-${HOME:-/nowhere}/.cache}
if ! mkdir -p "$cache/axfire" 2>/dev/null || [ ! -w "$cache/axfire" ]; then
    XDG_CACHE_HOME=$(mktemp -d)
    export XDG_CACHE_HOME
    trap 'rm -rf "$XDG_CACHE_HOME"' EXIT
fi
python=yes
if ! python3 -c '' 2>/dev/null; then
    python=no
    echo "There is no python3: tests are run, but no real runs compared or timed." >&2
fi

export AXFIRE_TEST_DEVICE=real
[ -z "$data" ] || export AXFIRE_DATA=$data
status=0
# limited SECONDS COMMAND...: says when the time was up.
limited() {
    local most code=0
    most=$(left "$1")
    timeout "$most" "${@:2}" || code=$?
    [ $code != 124 ] || echo "STOPPED after $most seconds: $2" >&2
    [ $code = 0 ] || status=1
}
limited 160 "$bin/device_tests" --gtest_brief=1
if [ "$sanitizer" = yes ]; then
    limited 100 compute-sanitizer --error-exitcode 1 --target-processes all "$bin/device_tests" --gtest_filter='DeviceShapes.*'
fi
tests=passed
[ $status = 0 ] || tests=FAILED
if [ -z "$data" ]; then
    echo "AXFIRE_DATA is not set: no real runs were compared or timed."
elif [ $python = no ]; then
    status=1
else
    report || status=1
fi
echo "Tests on the device: $tests."
exit $status
