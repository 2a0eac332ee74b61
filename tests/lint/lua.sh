#!/bin/bash
# lua.sh - luacheck finds nothing in scenarios and their library.
set -euo pipefail
cd "${SANDTABLE_SOURCE:-.}"
mapfile -t folders < <(ls -d lua scenarios 2>/dev/null)
command -v luacheck >/dev/null || { echo "skipped: no luacheck"; exit 77; }
find "${folders[@]}" -name '*.lua' -not -path '*/types/*' -print0 |
    xargs -0 luacheck --quiet --codes --no-color --std lua54 --no-unused-args --max-line-length 120
