#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Starts the program of its own name in ../libexec with the libraries of ../lib: through the machine's dynamic loader where its C library
# is new enough, else through the loader and the C library that came along. AXFIRE_LOADER=host or =bundled chooses.
self=$(readlink -f "$0")
here=${self%/*/*}
program=${self##*/}
floor=@FLOOR@ # of the C library, as of the machine that packed this
host=/lib64/ld-linux-x86-64.so.2
bundled=$here/lib/glibc/ld-linux-x86-64.so.2

# The machine's loader tells its version from 2.33 on.
new_enough() {
    [ -x "$host" ] || return 1
    text=$("$host" --version 2>/dev/null) || return 1
    text=${text#*version }
    major=${text%%.*}
    text=${text#*.}
    minor=${text%%[!0-9]*}
    [ "$major" -gt "${floor%%.*}" ] 2>/dev/null && return 0
    [ "$major" -eq "${floor%%.*}" ] 2>/dev/null && [ "$minor" -ge "${floor#*.}" ] 2>/dev/null
}

loader=${AXFIRE_LOADER:-}
if [ -z "$loader" ]; then
    loader=bundled
    new_enough && loader=host
fi
# A search path given to the loader is this process's alone: the compiler that it starts keeps the machine's libraries.
case $loader in
    host)
        loader=$host
        path=$here/lib
        ;;
    bundled)
        loader=$bundled
        path=$here/lib/glibc:$here/lib
        # That loader knows Debian's folders and what /etc/ld.so.cache lists; elsewhere the driver may lie in another.
        for folder in /usr/lib/wsl/lib /usr/lib64 /usr/local/nvidia/lib64 /run/opengl-driver/lib; do
            [ ! -e "$folder/libcuda.so.1" ] || drivers=${drivers:-}:$folder
        done
        ;;
    *)
        echo "AXFIRE_LOADER=$loader: choose host or bundled" >&2
        exit 2
        ;;
esac
path=$path${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}${drivers:-}
if [ "$program" = device_tests ]; then
    export AXFIRE_TEST_DOUBLE="${AXFIRE_TEST_DOUBLE:-$here/lib/libcuda_double.so}"
    export AXFIRE_TEST_BINARY="${AXFIRE_TEST_BINARY:-$here/bin/axfire}" AXFIRE_TEST_SOURCES="${AXFIRE_TEST_SOURCES:-$here}"
fi
exec "$loader" --library-path "$path" "$here/libexec/$program" "$@"
