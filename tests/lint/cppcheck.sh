#!/bin/bash
# cppcheck.sh - cppcheck finds nothing. Leaks are gcc's and LeakSanitizer's job: cppcheck does not
# follow the cleanup attribute. Its old check of uninitialized values reports what is only handed to
# a function by address; the new one and both compilers stay.
set -euo pipefail
cd "${SANDTABLE_SOURCE:-.}"
command -v cppcheck >/dev/null || { echo "skipped: no cppcheck"; exit 77; }
store=${SANDTABLE_BUILD:-build}/cppcheck
mkdir -p "$store"
dirs=()
for dir in engine ui images tests; do
    if [[ -n $(find "$dir" -name '*.c' -print -quit 2>/dev/null) ]]; then
        dirs+=("$dir")
    fi
done
cppcheck --quiet -j "$((($(nproc) + 1) / 2))" --cppcheck-build-dir="$store" --enable=warning,performance,portability \
    --std=c11 --library=gtk --inline-suppr --suppress=memleak --suppress=resourceLeak \
    --suppress=missingIncludeSystem --suppress=legacyUninitvar --error-exitcode=1 '-DG_DEFINE_QUARK(name,function)=' '-DG_GNUC_PRINTF(format,args)=' '-DG_GNUC_FORMAT(arg)=' \
    -DG_GNUC_UNUSED= -DG_GNUC_NORETURN= -DG_GNUC_WARN_UNUSED_RESULT= \
    -D_GNU_SOURCE -DSANDTABLE_VERSION='""' \
    -DSANDTABLE_SOURCE_DIR='""' -DTESTS_DIR='""' -Iengine -Itests "${dirs[@]}"
