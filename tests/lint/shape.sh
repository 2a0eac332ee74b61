#!/bin/bash
# shape.sh [ROOT] - no source file passes 500 lines; its first line says its name and purpose; no
# tabs, no trailing spaces, a newline at the end.
set -euo pipefail
root=${1:-${SANDTABLE_SOURCE:-.}}
cd "$root"
bad=0
complain() {
    echo "$1: $2"
    bad=1
}

check_first_line() { # FILE NAME
    local line
    line=$(head -n 1 "$1")
    if [[ $line == '#!'* ]]; then
        line=$(sed -n 2p "$1")
    fi
    case $1 in
    *.c | *.h | *.c.in) [[ $line == "/* $2 - "* ]] || complain "$1:1" "begin with \"/* $2 - what it is for. */\"" ;;
    */scenario.lua) [[ $line == "-- "* ]] || complain "$1:1" "begin with a comment that says what it is" ;;
    *.lua) [[ $line == "-- $2 - "* || $line == "---@meta"* ]] ||
        complain "$1:1" "begin with \"-- $2 - what it is for\"" ;;
    *) [[ $line == "# $2"* ]] || complain "$1:1" "begin with \"# $2 - what it is for\"" ;;
    esac
}

check_file() {
    local file=$1 lines name
    name=$(basename "$file" .in)
    lines=$(wc -l <"$file")
    if ((lines > 500)); then
        complain "$file" "$lines lines; split it, 500 is the limit"
    fi
    check_first_line "$file" "$name"
    if grep -nP '\t| $' "$file" | head -n 1 | grep -q .; then
        complain "$file:$(grep -nP '\t| $' "$file" | head -n 1 | cut -d : -f 1)" "tab or trailing space"
    fi
    if [[ -s $file && -n $(tail -c 1 "$file") ]]; then
        complain "$file" "no newline at the end"
    fi
}

while IFS= read -r file; do
    check_file "$file"
done < <(
    for dir in engine ui tests lua images scenarios; do
        if [[ -d $dir ]]; then
            # a recipe's files belong to the machine it makes, goldens are data
            find "$dir" \( -path '*/golden' -o -path '*/corpus' -o -path '*/files' -o -path '*/bad' \) -prune \
                -o -type f \( -name '*.c' -o -name '*.h' -o -name '*.c.in' -o -name '*.lua' -o -name '*.sh' \) -print
        fi
    done
    if [[ -f dev ]]; then echo dev; fi
)
exit "$bad"
