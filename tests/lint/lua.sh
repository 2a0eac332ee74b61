#!/bin/bash
# lua.sh - luacheck finds nothing in scenarios and their library.
set -euo pipefail
cd "${SANDTABLE_SOURCE:-.}"
command -v luacheck >/dev/null || { echo "skipped: no luacheck"; exit 77; }
find lua scenarios -name '*.lua' -not -path '*/types/*' -print0 |
    xargs -0 luacheck --quiet --codes --std lua54 --max-line-length 120
