#!/bin/bash
# commits.sh [RANGE | --file FILE] - commit messages have the form of CONTRIBUTING.md: "area: what changes"
# of at most 72 columns, an empty line, and a body. Looks at the
# commits of RANGE, by default those that are not upstream yet, or at one message.
set -euo pipefail
export LC_ALL=C.UTF-8
bad=0

check_message() { # NAME MESSAGE
    local subject second
    subject=$(sed -n 1p <<<"$2")
    second=$(sed -n 2p <<<"$2")
    case $subject in
    'Merge '* | 'Revert "'*) return ;;
    esac
    local wrong=
    if [[ ! $subject =~ ^[a-z][a-z0-9/,\ -]*:\ ([^A-Z]|[A-Z][A-Z0-9-]+[^a-z]) ]]; then
        wrong="the subject is not \"area: what changes\" in lower case"
    elif ((${#subject} > 72)); then
        wrong="the subject has ${#subject} columns, 72 is the limit"
    elif [[ $subject == *. ]]; then
        wrong="the subject ends with a full stop"
    elif [[ -n $second ]]; then
        wrong="the second line is not empty"
    elif [[ -z $(sed -n '3,$p' <<<"$2" | tr -d '[:space:]') ]]; then
        wrong="no body that says why"
    fi
    if [[ -n $wrong ]]; then
        echo "$1: $wrong: $subject"
        bad=1
    fi
}

if [[ ${1:-} == --file ]]; then
    check_message "$2" "$(cat "$2")"
    exit "$bad"
fi
cd "${SANDTABLE_SOURCE:-.}"
if ! git log -1 >/dev/null 2>&1; then
    echo "skipped: not a git clone"
    exit 77
fi
range=${1:-}
if [[ -z $range ]]; then
    range='@{upstream}..'
    git rev-parse --quiet --verify '@{upstream}' >/dev/null || range=HEAD~1..
fi
for commit in $(git log --no-merges --format=%h "$range"); do
    check_message "$commit" "$(git log -1 --format=%B "$commit")"
done
exit "$bad"
