#!/bin/bash
# completion.sh - bash completes every verb, every option that a verb's help names and the files that
# options ask for; zsh knows of the same.
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

# options VERB...: what its help names, a line each, with what it asks for: "--output=FILE"
options() {
    "$SANDTABLE" "$@" --help | grep -oE '^ +(-., )?--[^ ]+' | grep -oE -- '--.*'
}

# want_options VERB...
want_options() {
    local option offered
    offered=$(complete_line sandtable "$@" --)
    while read -r option; do
        if ! grep -qxF -- "${option%%=*}" <<<"$offered"; then
            echo "completions/sandtable.bash: \"$* --\" does not offer ${option%%=*}"
            bad=1
        fi
        if [[ $option == *=FILE ]]; then
            want README.md sandtable "$@" "${option%%=*}" README.m
            if ! grep -A1 -E -- "(^|[ |])${option%%=*}( \||\))" completions/_sandtable | grep -q _files; then
                echo "completions/_sandtable: ${option%%=*} offers no files"
                bad=1
            fi
        fi
    done < <(options "$@")
}

while read -r verb; do
    want "$verb" sandtable ""
    want_options "$verb"
done < <("$SANDTABLE" help | sed -nE 's/^  ([a-z-]+) .*/\1/p')
want_options image import
want --output sandtable capture monday --o
want warm sandtable image w
# words that options ask for
if ! diff <(sed -nE 's/^ +(--[^)]*)\) COMPREPLY=\(\$\(compgen -W "([^"$]*)".*/\1: \2/p' completions/sandtable.bash) \
    <(sed -nE 's/^ +(--[^)]*)\) compadd ([^;]*);.*/\1: \2/p' completions/_sandtable); then
    echo "completions: bash (<) and zsh (>) offer other words"
    bad=1
fi
exit "$bad"
