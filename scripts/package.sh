#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Packs the built program, its device tests and the libraries that they need into one archive that runs elsewhere.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage="usage: scripts/package.sh [--build FOLDER] [--with-nvrtc] [-o FILE]
Packs bin/axfire, bin/device_tests, bin/gpu_limits, the test double of the CUDA driver, scripts/gpu_check.sh and every shared library,
those of the C library included, into a .tar.gz. Unpacked on another x86-64 Linux, bin/axfire runs as it is.
  --build FOLDER   a folder that was built (build/release)
  --with-nvrtc     this machine's NVRTC too (43 MB more), which GPUs need and machines without a CUDA toolkit lack: what AXFIRE_NVRTC
                   names, else what the dynamic loader finds
  -o FILE          the archive (axfire.tar.gz)
Where the C library is as new as the program needs (the archive's VERSION says which that is), the machine's own is used, elsewhere
the one that comes along; AXFIRE_LOADER=host or =bundled chooses."

folder=build/release
archive=axfire.tar.gz
nvrtc=no
while [ $# -gt 0 ]; do
    case $1 in
        --build | -o)
            [ $# -ge 2 ] || fail 2 "$1 needs a value" "$usage"
            if [ "$1" = -o ]; then archive=$2; else folder=$2; fi
            shift
            ;;
        --with-nvrtc) nvrtc=yes ;;
        -h | --help)
            echo "$usage"
            exit
            ;;
        *) fail 2 "unknown option '$1'" "$usage" ;;
    esac
    shift
done
case $folder in /*) ;; *) folder=$axfire_root/$folder ;; esac
for program in axfire device_tests gpu_limits; do
    [ -x "$folder/bin/$program" ] || fail 2 "$folder/bin/$program is missing: build it first (docs/building.md)"
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
top=$work/axfire
mkdir -p "$top/bin" "$top/lib/glibc" "$top/libexec" "$top/scripts"

# What belongs to the C library has a folder of its own, since loader and library must be of one version.
of_the_c_library=(ld-linux-x86-64.so.2 libc.so.6 libm.so.6 libmvec.so.1 libpthread.so.0 libdl.so.2 librt.so.1 libutil.so.1
    libresolv.so.2 libanl.so.1 libnss_files.so.2 libnss_dns.so.2)
is_of_the_c_library() {
    local name
    for name in "${of_the_c_library[@]}"; do
        [ "$(basename "$1")" != "$name" ] || return 0
    done
    return 1
}
libraries_of() {
    ldd "$@" | awk '$2 == "=>" && $3 ~ /^\// {print $3}' | sort -u
}

double=$folder/tests/libcuda_double.so
cp "$folder/bin/axfire" "$folder/bin/device_tests" "$folder/bin/gpu_limits" "$top/libexec/"
cp "$double" "$top/lib/"
for library in $(libraries_of "$folder/bin/axfire" "$folder/bin/device_tests" "$folder/bin/gpu_limits" "$double"); do
    is_of_the_c_library "$library" || cp -L "$library" "$top/lib/"
done
c_library=$(dirname "$(libraries_of "$folder/bin/axfire" | grep '/libc\.so\.6$')")
for name in "${of_the_c_library[@]}"; do
    [ ! -e "$c_library/$name" ] || cp -L "$c_library/$name" "$top/lib/glibc/"
done
cp "$axfire_root/scripts/gpu_check.sh" "$axfire_root/scripts/gpu_check.py" "$top/scripts/"
mkdir -p "$top/tests"
cp -r "$axfire_root/tests/models" "$top/tests/"
cp "$axfire_root/LICENSE" "$top/"
if [ "$nvrtc" = yes ]; then
    found=${AXFIRE_NVRTC:-$(ldconfig -p | awk '/libnvrtc\.so\.1[0-9] / {print $NF; exit}')}
    [ -e "$found" ] || fail 2 "this machine has no NVRTC that AXFIRE_NVRTC names or the dynamic loader finds (ldconfig -p)"
    cp -L "$found" "$top/lib/"
    for library in "$(dirname "$found")"/libnvrtc-builtins.so.1*.[0-9]; do
        cp -L "$library" "$top/lib/"
    done
fi

# The newest symbol version that any of them asks of the C library is the oldest C library that will do.
floor=$(objdump -T "$top"/libexec/* "$top"/lib/*.so* 2>/dev/null | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
floor=${floor#GLIBC_}
for program in axfire device_tests gpu_limits; do
    sed "s/@FLOOR@/$floor/" "$axfire_root/scripts/package_launcher.sh" >"$top/bin/$program"
    chmod 755 "$top/bin/$program"
done

# The terms under which Debian has what goes along.
if command -v dpkg-query >/dev/null; then
    mkdir "$top/licences"
    (cd "$top/lib" && printf '*-linux-gnu/%s\n' *.so* && cd glibc && printf '*-linux-gnu/%s\n' *.so*) |
        { xargs dpkg-query -S 2>/dev/null || true; } | cut -d: -f1 | sort -u | while read -r package; do
        [ ! -e "/usr/share/doc/$package/copyright" ] || cp -L "/usr/share/doc/$package/copyright" "$top/licences/$package"
    done
fi
cat >"$top/VERSION" <<EOF
$("$folder/bin/axfire" --version 2>/dev/null || echo axfire)
x86-64 Linux. The machine's C library where it is $floor or newer, else the one in lib/glibc (AXFIRE_LOADER=host or =bundled chooses).
EOF
tar -C "$work" -czf "$archive" axfire
echo "$archive: $(du -h "$archive" | cut -f1), uses a C library of $floor or newer, or its own"
