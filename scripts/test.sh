#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds, and runs the tests: all of them optimised, then those under the sanitizers.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage="usage: scripts/test.sh [--no-install] [--quick] [--exhaustive]
Installs the Debian packages that are missing, builds the presets release and dev (address and undefined-behaviour
sanitizers) and runs all tests of both. Ends with 1 if a test fails.
  --no-install   leave the packages alone
  --quick        release only
  --exhaustive   also every binary32 value through the format conversions, in all modes, and the elementary functions
                 (10 minutes)
Tests that need recordings and networks look for them in the folder named by AXFIRE_DATA, and are skipped without."

install=yes
quick=no
exhaustive=no
while [ $# -gt 0 ]; do
    case $1 in
        --no-install) install=no ;;
        --quick) quick=yes ;;
        --exhaustive) exhaustive=yes ;;
        -h | --help)
            echo "$usage"
            exit
            ;;
        *) fail 2 "unknown option '$1'" "$usage" ;;
    esac
    shift
done

failed=()

# check NAME PRESET [ctest arguments]
check() {
    local name=$1 preset=$2
    shift 2
    (cd "$axfire_root" && ctest --preset "$preset" --output-on-failure -j "$(nproc)" "$@") || failed+=("$name")
}

step "Packages"
if [ "$install" = yes ]; then
    install_packages "${packages_build[@]}" "${packages_test[@]}"
else
    echo "Left alone."
fi

step "Building (release)"
configure release build/release
build build/release
step "Testing (release)"
if [ -z "${AXFIRE_DATA:-}" ]; then
    echo "AXFIRE_DATA is not set: the tests on real recordings and trained networks are skipped."
fi
check release release

if [ "$exhaustive" = yes ]; then
    step "Testing (every binary32 value)"
    build build/release --target exhaustive
    "$axfire_root/build/release/bin/exhaustive_conversion" --modes all || failed+=(exhaustive_conversion)
    "$axfire_root/build/release/bin/exhaustive_elementary" || failed+=(exhaustive_elementary)
fi

if [ "$quick" = no ]; then
    step "Building (dev: address and undefined-behaviour sanitizers)"
    configure dev build/dev
    build build/dev
    step "Testing (dev)"
    check dev dev
fi

if [ ${#failed[@]} -gt 0 ]; then
    step "FAILED: ${failed[*]}"
    exit 1
fi
step "All tests passed"
