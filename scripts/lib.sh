# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# Shared by demo.sh and test.sh, which source it: the packages, their installation, building, progress lines.

# Debian 12 packages. Where --no-install finds no ninja, make builds.
packages_build=(g++ cmake ninja-build libhdf5-dev libcli11-dev libfmt-dev nlohmann-json3-dev
    zlib1g-dev libxxhash-dev libtoml11-dev libeigen3-dev libonnx-dev libprotobuf-dev)
packages_demo=(python3 dataset-fashion-mnist)
packages_test=(libgtest-dev libmpfr-dev libgmp-dev python3 python3-numpy python3-h5py hdf5-tools librsvg2-bin
    dataset-fashion-mnist)

axfire_root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
SECONDS=0

# A line of progress: minutes and seconds since the start, and what comes now.
step() {
    printf '\n[%02d:%02d] %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$*"
}

# fail STATUS LINE...
fail() {
    local status=$1
    shift
    printf '%s\n' "$@" >&2
    exit "$status"
}

# Installs those of the named packages that are missing; does nothing, and needs no rights, when none is.
install_packages() {
    if ! command -v dpkg-query >/dev/null; then
        fail 2 "This is not a Debian system, so nothing was installed. What is needed, by its Debian names:" \
            "  $*" "Install the like of it, then run this script again with --no-install."
    fi
    local package missing=()
    for package in "$@"; do
        if ! dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed; then
            missing+=("$package")
        fi
    done
    if [ ${#missing[@]} -eq 0 ]; then
        echo "All $# packages are installed."
        return
    fi
    local as_root=(env)
    if [ "$(id -u)" -ne 0 ]; then
        # With a terminal sudo may ask for a password; without one it must work on its own.
        if command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
            as_root=(sudo env)
        else
            fail 2 "Packages are missing, and this user may not install them. Run as root:" \
                "  apt-get update && apt-get install -y --no-install-recommends ${missing[*]}" \
                "then run this script again."
        fi
    fi
    echo "Installing: ${missing[*]}"
    local apt=("${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
    "${apt[@]}" update || echo "apt-get update failed; going on with the package lists that are here." >&2
    if ! "${apt[@]}" install -y --no-install-recommends "${missing[@]}"; then
        fail 2 "apt-get could not install: ${missing[*]}" \
            "Its message is above. Put it right (a network, a mirror in /etc/apt), then run this script again," \
            "or install the packages another way and run it with --no-install."
    fi
}

# configured FOLDER: it holds a build of this tree, and not of one that was moved or copied with it.
configured() {
    grep -qsxF "CMAKE_HOME_DIRECTORY:INTERNAL=$axfire_root" "$axfire_root/$1/CMakeCache.txt"
}

# configure PRESET FOLDER [cmake arguments]: FOLDER is relative to the root.
configure() {
    local preset=$1 relative=$2 folder="$axfire_root/$2" generator=()
    shift 2
    if ! mkdir -p "$folder" 2>/dev/null || [ ! -w "$folder" ]; then
        fail 2 "This user may not write to $folder" \
            "Remove that folder or make it yours (chown), or copy the source tree to a folder of yours."
    fi
    if ! configured "$relative"; then
        rm -rf "$folder"
        # A folder keeps the generator it was made with.
        if command -v ninja >/dev/null; then
            generator=(-G Ninja)
        fi
    fi
    (cd "$axfire_root" && cmake --log-level=NOTICE --preset "$preset" -B "$folder" "${generator[@]}" "$@")
}

# build FOLDER [cmake --build arguments]
build() {
    local folder=$1
    shift
    NINJA_STATUS="[%f/%t, %es] " cmake --build "$axfire_root/$folder" -j "$(nproc)" "$@"
}
