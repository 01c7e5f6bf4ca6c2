#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The main job in one command: a trained spiking network on Fashion-MNIST, in exact and in approximate arithmetic.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage="usage: scripts/demo.sh [--no-install] [--samples N] [--threads N]
Installs the Debian packages that are missing, builds axfire, runs scripts/data/fashion_mnist_snn.nir on the test
images of Fashion-MNIST in three arithmetics, prints a table, and leaves demo-out/run.h5 and demo-out/raster.svg.
  --no-install   leave the packages alone
  --samples N    the first N test images (default 10000, all)
  --threads N    default: one for each processor"

install=yes
samples=10000
threads=$(nproc)
while [ $# -gt 0 ]; do
    case $1 in
        --no-install) install=no ;;
        --samples | --threads)
            [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || fail 2 "$1 needs a whole number above 0, not '${2:-}'" "$usage"
            if [ "$1" = --samples ]; then samples=$2; else threads=$2; fi
            shift
            ;;
        -h | --help)
            echo "$usage"
            exit
            ;;
        *) fail 2 "unknown option '$1'" "$usage" ;;
    esac
    shift
done

step "1/4 Packages"
if [ "$install" = yes ]; then
    install_packages "${packages_build[@]}" "${packages_demo[@]}"
else
    echo "Left alone."
fi

step "2/4 Building axfire"
# A tree that is already configured for its tests has everything the demo needs.
folder=build/demo
if configured build/release; then
    folder=build/release
    configure release $folder
else
    configure release $folder -DAXFIRE_TESTS=OFF
fi
build $folder --target axfire
axfire="$axfire_root/$folder/bin/axfire"

network="$axfire_root/scripts/data/fashion_mnist_snn.nir"
out="$axfire_root/demo-out"
mkdir -p "$out"
run=("$axfire" run "$network" --data fashion-mnist -T 8 --dt 1 --reset subtract --encode direct --threads "$threads")

step "3/4 Recording three samples"
"${run[@]}" --samples 3 --record spikes -o "$out/run.h5" --force >/dev/null
"$axfire" inspect "$out/run.h5" --raster "$out/raster.svg"

step "4/4 Classifying $samples test images with each of three adders"
printf '%-18s %10s %15s %9s\n' adder accuracy spikes/sample seconds
for adder in 'exact@fp32' 'loa(k=20)@fp32' 'eta1(k=20)@fp32'; do
    "${run[@]}" --samples "$samples" --add "$adder" --json >"$out/summary.json"
    python3 - "$out/summary.json" "$adder" <<'EOF'
import json, sys
run = json.load(open(sys.argv[1]))
spikes = sum(layer["spikes_per_sample"] for layer in run["layers"])
print(f"{sys.argv[2]:<18} {100 * run['accuracy']:8.2f} % {spikes:15.1f} {run['seconds']:9.1f}")
EOF
done
rm -f "$out/summary.json"

step "Done"
echo "The spikes of three samples: $out/run.h5 (HDF5), the first of them as a picture: $out/raster.svg
Other adders, multipliers:   $axfire arith list"
