#!/bin/bash
# completion.sh - bash completes every verb, and every option that a verb's help names.
set -euo pipefail
cd "${SANDTABLE_SOURCE:-.}"
PATH=$(dirname "$SANDTABLE"):$PATH
# shellcheck source=/dev/null
source completions/sandtable.bash
bad=0

# The answers to a line of words, the last of them unfinished, one a line.
complete_line() {
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    _sandtable
    printf '%s\n' "${COMPREPLY[@]}"
}

# want WORD LINE...: WORD is among the answers to LINE
want() {
    local word=$1 offered
    shift
    offered=$(complete_line "$@")
    if ! grep -qxF -- "$word" <<<"$offered"; then
        echo "completions/sandtable.bash: \"$*\" does not offer $word"
        bad=1
    fi
}

while read -r verb; do
    want "$verb" sandtable ""
    want --help sandtable "$verb" --
done < <("$SANDTABLE" help | sed -nE 's/^  ([a-z-]+) .*/\1/p')
want --ready-limit sandtable run --
want --output sandtable capture monday --o
want --cloud-init sandtable image import --
want warm sandtable image w
exit "$bad"
