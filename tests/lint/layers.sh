#!/bin/bash
# layers.sh [ROOT] - no file includes a header of a layer that stands below its own.
set -euo pipefail
root=${1:-${SANDTABLE_SOURCE:-.}}
bad=0

# What each folder may include besides itself. Kept in step with engine/CMakeLists.txt.
declare -A may=(
    [base]=""
    [plan]="base"
    [ledger]="base plan"
    [score]="base plan"
    [cell]="base plan"
    [net]="base plan"
    [virt]="base plan"
    [image]="base plan"
    [check]="base plan cell"
    [world]="base plan cell net virt image check"
    [script]="base plan score"
    [run]="base plan ledger score cell net virt image check world script"
    [control]="base plan ledger score cell net virt image check world script run"
    [report]="base plan ledger score"
    [cli]="base plan ledger score cell net virt image check world script run control report"
)
# A client of the control socket: never the engine itself. It scores what it is shown, and scoring
# models in Lua are run by script/.
display="base plan ledger score control script"

report() { # FILE:LINE LAYER HEADER ALLOWED
    printf '%s: %s/ may not include "%s" (only: itself %s)\n' "$1" "$2" "$3" "$4"
    bad=1
}

# FOLDER LAYER ALLOWED: every #include "LAYER/…" of the folder's files
check_folder() {
    local hit place header
    while IFS= read -r hit; do
        place=${hit%%:#*}
        header=${hit#*\"}
        header=${header%%\"*}
        case " $2 $3 " in
        *" ${header%%/*} "*) ;;
        *)
            # only layers are of interest: "support/test.h" or a file of the same folder are not
            if [[ -n ${may[${header%%/*}]+x} ]]; then
                report "$place" "$2" "$header" "$3"
            fi
            ;;
        esac
    done < <(grep -rnE --include='*.[ch]' --include='*.c.in' '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "$1" |
        sed -E 's/:[[:space:]]*#[[:space:]]*include[[:space:]]*/:#include /')
}

for folder in "$root"/engine/*/; do
    layer=$(basename "$folder")
    if [[ -z ${may[$layer]+x} ]]; then
        echo "$folder: not a layer; give it a place in tests/lint/layers.sh and engine/CMakeLists.txt"
        bad=1
        continue
    fi
    check_folder "$folder" "$layer" "${may[$layer]}"
done
if [[ -d $root/ui/display ]]; then
    check_folder "$root/ui/display" display "$display"
fi
exit "$bad"
