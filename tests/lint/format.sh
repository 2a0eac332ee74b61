#!/bin/bash
# format.sh - clang-format agrees with every C file.
set -euo pipefail
cd "${SANDTABLE_SOURCE:-.}"
mapfile -t folders < <(ls -d engine ui tests images 2>/dev/null)
command -v clang-format >/dev/null || { echo "skipped: no clang-format"; exit 77; }
find "${folders[@]}" -name '*.[ch]' -print0 | xargs -0 clang-format --dry-run -Werror
