# sandtable.bash - completion of verbs, options, exercise names and files for bash.
# shellcheck shell=bash disable=SC2207

_sandtable_names() {
    sandtable list --json 2>/dev/null | grep -oE '"name": ?"[^"]*"' | sed -E 's/.*"([^"]*)"$/\1/'
}

_sandtable() {
    local word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local verbs="run check list status events score exec pause resume fire hold reset checkpoint restore
        checkpoints down verify doctor
        image display console screenshot links capture version help"
    COMPREPLY=()
    if [[ $COMP_CWORD -eq 1 ]]; then
        COMPREPLY=($(compgen -W "$verbs" -- "$word"))
        return
    fi
    if [[ $before == --accel ]]; then
        COMPREPLY=($(compgen -W "auto kvm tcg" -- "$word"))
        return
    fi
    if [[ $before == --screenshot || $before == --output || $before == -o ]]; then
        COMPREPLY=($(compgen -f -- "$word"))
        return
    fi
    local options=--help
    case $verb in
    run) options+=" --name --teams --seed --display --until --accel --boot --ready-limit --user" ;;
    events) options+=" --follow --json" ;;
    check) options+=" --teams --json" ;;
    doctor) options+=" --user --json" ;;
    list | status | score | verify | version) options+=" --json" ;;
    console) options+=" --log --follow --vnc" ;;
    screenshot) options+=" --output" ;;
    links) options+=" --over --json" ;;
    capture) options+=" --step --team --last --network --margin --output --json" ;;
    hold) options+=" --release" ;;
    checkpoint) options+=" --team --remove --json" ;;
    restore) options+=" --team --json" ;;
    reset | checkpoints) options+=" --json" ;;
    down) options+=" --all" ;;
    image) options+=" --json" ;;
    display) options+=" --screenshot --at --size --fullscreen" ;;
    esac
    if [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$word"))
        return
    fi
    case $verb in
    run | check) COMPREPLY=($(compgen -f -- "$word")) ;;
    image) COMPREPLY=($(compgen -W "build list verify prune" -- "$word")) ;;
    list | doctor | version) ;;
    *) COMPREPLY=($(compgen -W "$(_sandtable_names)" -- "$word") $(compgen -f -X '!*.ledger' -- "$word")) ;;
    esac
}
complete -o filenames -F _sandtable sandtable
