#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# On an x86-64 machine: builds for 64-bit ARM, runs the tests under qemu, and compares results with the native build's.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage="usage: scripts/check_aarch64.sh [--no-install] [--tests REGEX] [--no-tests] [--no-compare] [-j N]
Builds Axfire for 64-bit ARM with Debian's cross compiler, runs its tests under qemu, and compares the result hashes of
a few runs with those of the native build in build/release. Ends with 1 if a test fails or a hash differs.
  --no-install    leave this machine's packages alone
  --tests REGEX   only the tests that ctest -R REGEX names
  --no-tests      only the comparison
  --no-compare    only the tests
  -j N            so many jobs and tests side by side (all processors)
Everything lies in build/aarch64. The libraries for ARM are unpacked there from Debian's packages, from the mirror that
AXFIRE_DEBIAN_MIRROR names (http://deb.debian.org). The packages of this machine gain a compiler and an emulator."

install=yes
tests=yes
compare=yes
regex=
jobs=$(nproc)
while [ $# -gt 0 ]; do
    case $1 in
        --no-install) install=no ;;
        --tests) regex=${2?"$usage"} && shift ;;
        --no-tests) tests=no ;;
        --no-compare) compare=no ;;
        -j) jobs=${2?"$usage"} && shift ;;
        -h | --help)
            echo "$usage"
            exit
            ;;
        *) fail 2 "unknown option '$1'" "$usage" ;;
    esac
    shift
done

folder="$axfire_root/build/aarch64"
sysroot="$folder/sysroot"
# The oldest processor: nothing beyond ARMv8.0 is to be used.
export QEMU_CPU=cortex-a72

# The headers and libraries to build with and to test with, of lib.sh's packages; and the compiler's own.
packages_sysroot=(libc6-dev libstdc++-12-dev)
for package in "${packages_build[@]}" "${packages_test[@]}"; do
    case $package in
        *-dev) packages_sysroot+=("$package") ;;
    esac
done

# Debian's arm64 packages and all that they depend on, unpacked: apt works on a package set of its own, an empty one.
make_sysroot() {
    local apt="$folder/apt" mirror=${AXFIRE_DEBIAN_MIRROR:-http://deb.debian.org} suite package link
    local signed="signed-by=/usr/share/keyrings/debian-archive-keyring.gpg"
    if [ "$(cat "$sysroot/packages" 2>/dev/null)" = "${packages_sysroot[*]}" ]; then
        echo "The sysroot is there: $sysroot"
        return
    fi
    rm -rf "$sysroot"
    mkdir -p "$sysroot" "$apt/state/lists/partial" "$apt/cache/archives/partial"
    : >"$apt/status"
    for suite in "debian bookworm" "debian bookworm-updates" "debian-security bookworm-security"; do
        echo "deb [$signed] $mirror/$suite main"
    done >"$apt/sources.list"
    local command=(apt-get -q -o Dir::State="$apt/state" -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache"
        -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=- -o APT::Architecture=arm64
        -o APT::Architectures::=arm64 -o APT::Sandbox::User=root -o Debug::NoLocking=1)
    "${command[@]}" update
    "${command[@]}" install -y --no-install-recommends --download-only "${packages_sysroot[@]}"
    for package in "$apt"/cache/archives/*.deb; do
        dpkg -x "$package" "$sysroot"
    done
    # Links that start at the root would lead out of the sysroot.
    find "$sysroot" -type l -lname '/*' | while read -r link; do
        ln -sfr "$sysroot$(readlink "$link")" "$link"
    done
    rm -rf "$apt"
    echo "${packages_sysroot[*]}" >"$sysroot/packages"
}

# The compiler for what is compiled while the program runs. A program that it links becomes a script, which starts it
# under qemu. It is asked for code for this machine, which only a compiler of the machine's own can tell.
make_compiler() {
    cat >"$folder/c++" <<END
#!/bin/bash
words=()
for word in "\$@"; do
    if [ "\$word" != -mcpu=native ]; then
        words+=("\$word")
    fi
done
aarch64-linux-gnu-g++ --sysroot='$sysroot' "\${words[@]}" || exit
output=
while [ \$# -gt 0 ]; do
    case \$1 in
        -shared | -c | -E | -S | -M | -MM | -fsyntax-only | --version) exit 0 ;;
        -o) output=\$2 ;;
    esac
    shift
done
if [ -n "\$output" ]; then
    mv "\$output" "\$output.aarch64"
    printf '#!/bin/sh\nexec qemu-aarch64-static -L %q %q "\$@"\n' '$sysroot' "\$output.aarch64" >"\$output"
    chmod +x "\$output"
fi
END
    chmod +x "$folder/c++"
}

step "Packages"
if [ "$install" = yes ]; then
    install_packages "${packages_build[@]}" "${packages_test[@]}" g++-aarch64-linux-gnu qemu-user-static
else
    echo "Left alone."
fi

step "Sysroot"
make_sysroot
make_compiler

step "Building for 64-bit ARM"
configure release build/aarch64/release --toolchain "$axfire_root/scripts/cmake/aarch64.cmake"
targets=(axfire)
if [ "$tests" = yes ]; then
    targets=(all)
fi
build build/aarch64/release -j "$jobs" --target "${targets[@]}"
failed=()

if [ "$tests" = yes ]; then
    step "Testing under qemu"
    # Two things that qemu's processes do not have: LeakSanitizer, which is in the programs that try users' own models,
    # and limits of memory.
    (cd "$folder/release" && AXFIRE_CXX="$folder/c++" ASAN_OPTIONS=detect_leaks=0 ctest --output-on-failure \
        -j "$jobs" ${regex:+-R "$regex"} -E 'Probe\.LimitsTheMemoryOfTheChild') || failed+=(tests)
fi

hash='s/.*"result_hash": *"\([^"]*\)".*/\1/p'

# compare WHAT AXFIRE-ARGUMENT...: one run by both programs; prints the hashes.
compare() {
    local what=$1 here there
    shift
    here=$("$axfire_root/build/release/bin/axfire" run "$@" --json -q | sed -n "$hash") || true
    there=$(AXFIRE_CXX="$folder/c++" XDG_CACHE_HOME="$folder/cache" "$folder/release/axfire-emulated" run "$@" --json -q |
        sed -n "$hash") || true
    printf '%-64s %16s %16s\n' "$what" "${here:-none}" "${there:-none}"
    if [ -z "$here" ] || [ "$here" != "$there" ]; then
        failed+=("$what")
    fi
}

if [ "$compare" = yes ]; then
    step "Building for this machine"
    configure release build/release
    build build/release -j "$jobs" --target axfire

    step "Comparing"
    printf '%-64s %16s %16s\n' "result_hash of a run" "$(uname -m)" aarch64
    network="$axfire_root/scripts/data/fashion_mnist_snn.nir"
    snn=("$network" --data fashion-mnist -T 4 --dt 1 --reset subtract --samples 4)
    compare "fashion-mnist exact@fp32" "${snn[@]}"
    compare "fashion-mnist poisson, exact@bf16" "${snn[@]}" --encode poisson --add exact@bf16 --mul exact@bf16
    for add in 'loa(k=12)@fp32' 'aca(q=8)@fp16' 'exact@fp8_e4m3/sr'; do
        compare "fashion-mnist, both adders $add" "${snn[@]}" --add "$add" --neuron-add "$add"
    done
    for mul in 'drum(k=6)@bf16' 'mitchell@fp32' 'exact@e5m6/rz'; do
        compare "fashion-mnist, both multipliers $mul" "${snn[@]}" --spike-multiply on --mul "$mul" --neuron-mul "$mul"
    done
    approximate=(--add 'loa(k=12)@fp32' --mul 'drum(k=6)@bf16')
    compare "fashion-mnist, general kernels" "${snn[@]}" "${approximate[@]}" --jit off
    if [ -n "${AXFIRE_DATA:-}" ]; then
        data=$AXFIRE_DATA
        snn=("$data/nir/cnn_sinabs.nir" --data "nmnist:$data/nmnist/Test" --reset subtract --samples 1)
        compare "N-MNIST, NIR, exact@fp32" "${snn[@]}"
        compare "N-MNIST, NIR, ${approximate[*]}" "${snn[@]}" "${approximate[@]}"
        ann=("$data/models/cifar10_resnet20.onnx" --data "cifar10:$data/cifar10" --samples 1)
        compare "ResNet-20, exact@fp32" "${ann[@]}"
        compare "ResNet-20, ${approximate[*]}" "${ann[@]}" "${approximate[@]}"
        compare "MNIST LeNet, exact@fp16/odd" "$data/models/mnist_lenet5_98p96.onnx" \
            --data "mnist:$data/mnist" --samples 2 --add exact@fp16/odd --mul exact@fp16/odd
        for axfire in release/bin/axfire aarch64/release/axfire-emulated; do
            "$axfire_root/build/$axfire" convert "$data/models/mnist_lenet_avgpool_99.onnx" -T 8 --samples 16 -q --force \
                --data "mnist:$data/mnist:train" --method calibrate -o "$folder/$(basename $axfire).h5"
        done
        if cmp "$folder/axfire.h5" "$folder/axfire-emulated.h5"; then
            echo "MNIST LeNet, convert --method calibrate: the same file"
        else
            failed+=("convert --method calibrate")
        fi
    else
        echo "AXFIRE_DATA is not set: runs of real recordings and trained networks are left out."
    fi
fi

if [ ${#failed[@]} -gt 0 ]; then
    step "FAILED: ${failed[*]}"
    exit 1
fi
step "All is the same"
