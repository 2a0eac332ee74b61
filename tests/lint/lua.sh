#!/bin/bash
# lua.sh - luacheck finds nothing in scenarios, their library and the tests; what a scenario may name
# stands in .luacheckrc.
set -euo pipefail
cd "${SANDTABLE_SOURCE:-.}"
mapfile -t folders < <(ls -d lua scenarios tests 2>/dev/null)
command -v luacheck >/dev/null || { echo "skipped: no luacheck"; exit 77; }
luacheck --quiet --codes --no-color "${folders[@]}"
