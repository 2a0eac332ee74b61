#!/bin/bash
# tidy.sh - clang-tidy on every C file of the build, on half the host. A file that passed is not
# looked at again until it, a header, the settings or the compile command change.
set -euo pipefail
cd "${SANDTABLE_SOURCE:-.}"
mapfile -t folders < <(ls -d engine ui tests images 2>/dev/null)
build=${SANDTABLE_BUILD:-build}
command -v clang-tidy >/dev/null || { echo "skipped: no clang-tidy"; exit 77; }
passed=$build/tidy.passed
mkdir -p "$passed"
headers=$(find "${folders[@]}" -name '*.h' -print0 | sort -z | xargs -0 cat |
    cat - .clang-tidy cmake/*.cmake CMakeLists.txt | sha256sum | cut -c 1-16)
export build passed headers

check() {
    local key
    if [[ ! -e $1 ]]; then # gone since the build was configured
        return 0
    fi
    key=$passed/$(sha256sum <"$1" | cut -c 1-32)-$headers
    if [[ -e $key ]]; then
        return 0
    fi
    # its path-by-path analysis takes most of the time: short paths here, the long ones are
    # gcc -fanalyzer's; none at all for tests, which the sanitizers run, and whose names reach no
    # other file
    local checks=(--extra-arg=-Xclang --extra-arg=-analyzer-config
        --extra-arg=-Xclang --extra-arg=mode=shallow)
    if [[ $1 == */tests/* ]]; then
        checks=(--checks='-clang-analyzer-*,-readability-identifier-naming')
    fi
    # 14 does not know some warnings of gcc, and counts what it does not show
    if clang-tidy -p "$build" --quiet "${checks[@]}" --extra-arg=-Wno-unknown-warning-option "$1" 2>"$key.log" >"$key.out"; then
        rm -f "$key.log" "$key.out"
        : >"$key"
    else
        cat "$key.out"
        grep -v 'warnings\? generated' "$key.log" || true
        rm -f "$key.log" "$key.out"
        return 1
    fi
}
export -f check
sed -nE 's/^ *"file": "(.*)",?$/\1/p' "$build/compile_commands.json" | sort -u |
    grep -E "^$PWD/(engine|ui|tests|images)/" |
    xargs -P "$((($(nproc) + 1) / 2))" -I{} bash -c 'check {}'
