# sandtable.bash - completion of verbs, options, exercise names and files for bash.
# Verbs and options are what the program's own help says, so they are never out of date.
# shellcheck shell=bash disable=SC2207

_sandtable_names() {
    sandtable list --json 2>/dev/null | grep -oE '"name": ?"[^"]*"' | sed -E 's/.*"([^"]*)"$/\1/'
}

_sandtable_verbs() {
    sandtable help 2>/dev/null | sed -nE 's/^  ([a-z-]+) .*/\1/p'
    echo help
}

# The options of a verb, from its help: "  -o, --output=FILE     …"
_sandtable_options() {
    sandtable "$@" --help 2>/dev/null | sed -nE 's/^  (-., )?(--[a-z0-9-]+).*/\2/p'
}

_sandtable() {
    local word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]} before=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    if [[ $COMP_CWORD -eq 1 ]]; then
        COMPREPLY=($(compgen -W "$(_sandtable_verbs)" -- "$word"))
        return
    fi
    case $before in
    --accel) COMPREPLY=($(compgen -W "auto kvm tcg" -- "$word")) && return ;;
    --boot) COMPREPLY=($(compgen -W "auto warm cold" -- "$word")) && return ;;
    --resume) COMPREPLY=($(compgen -W "$(_sandtable_names)" -- "$word")) && return ;;
    --suite) COMPREPLY=($(compgen -W "ed25519 sm" -- "$word")) && return ;;
    --lang | --language) COMPREPLY=($(compgen -W "en zh" -- "$word")) && return ;;
    --view) COMPREPLY=($(compgen -W "control wall public instructor" -- "$word")) && return ;;
    --theme) COMPREPLY=($(compgen -W "dark light contrast" -f -- "$word")) && return ;;
    --screenshot | --output | --out | -o | --key | --ssh-key | --events | --roster | --certificate | --record)
        COMPREPLY=($(compgen -f -- "$word"))
        return
        ;;
    esac
    if [[ $word == -* ]]; then
        local -a of=("$verb")
        [[ $verb == image && ${COMP_WORDS[2]} == import ]] && of+=(import)
        COMPREPLY=($(compgen -W "$(_sandtable_options "${of[@]}")" -- "$word"))
        return
    fi
    case $verb in
    run | check) COMPREPLY=($(compgen -f -- "$word")) ;;
    image)
        if [[ ${COMP_WORDS[2]} == import && $COMP_CWORD -gt 3 ]]; then
            COMPREPLY=($(compgen -f -- "$word"))
        elif [[ $COMP_CWORD -eq 2 ]]; then
            COMPREPLY=($(compgen -W "build warm list verify prune import remove" -- "$word"))
        fi
        ;;
    list | gc | key | doctor | version | help) ;;
    *) COMPREPLY=($(compgen -W "$(_sandtable_names)" -- "$word") $(compgen -f -X '!*.ledger' -- "$word")) ;;
    esac
}
complete -o filenames -F _sandtable sandtable
