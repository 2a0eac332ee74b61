#!/bin/bash
# shell.sh - ShellCheck finds nothing in our scripts.
set -euo pipefail
cd "${SANDTABLE_SOURCE:-.}"
mapfile -t folders < <(ls -d engine ui tests images scenarios 2>/dev/null)
command -v shellcheck >/dev/null || { echo "skipped: no shellcheck"; exit 77; }
{
    printf '%s\0' dev .ci/run
    find "${folders[@]}" -name '*.sh' -print0
} | xargs -0 shellcheck
