#!/bin/bash
# man.sh - every man page compiles, and names every verb of the program.
set -euo pipefail
cd "${SANDTABLE_SOURCE:-.}"
command -v scdoc >/dev/null || { echo "skipped: no scdoc"; exit 77; }
bad=0
for page in docs/*.scd; do
    scdoc <"$page" >/dev/null || bad=1
done
while read -r verb; do
    if ! grep -qE "^\*$verb\*" docs/sandtable.1.scd; then
        echo "docs/sandtable.1.scd: the verb \"$verb\" is not described"
        bad=1
    fi
done < <("$SANDTABLE" help | sed -nE 's/^  ([a-z-]+) .*/\1/p')
exit "$bad"
