#!/bin/sh
# leftovers.sh - `note` writes down what the host has before the system tests; `compare` fails when
# something of ours is there that was not: processes, links, mounts, named namespaces, files.
set -eu
export LC_ALL=C
noted=$SANDTABLE_BUILD/leftovers.noted

# Processes that run our program or are machines of it; "pid:start" tells a reused pid apart.
processes() {
    for dir in /proc/[0-9]*; do
        line=$(tr '\0' ' ' 2>/dev/null <"$dir/cmdline") || continue
        case $line in
        qemu-system-*sandtable* | */qemu-system-*sandtable*) ;;
        *swtpm\ socket*sandtable*) ;;
        "$SANDTABLE "*) ;;
        *) continue ;;
        esac
        start=$(sed 's/.*) //' 2>/dev/null <"$dir/stat" | cut -d ' ' -f 20) || continue
        echo "process ${dir#/proc/}:$start $(printf %s "$line" | cut -c 1-120)"
    done
}

list() {
    processes
    for link in /sys/class/net/*; do
        echo "link ${link##*/}"
    done
    sed -n 's/^[^ ]* \([^ ]*sandtable[^ ]*\) .*/mount \1/p' /proc/self/mounts
    for path in /run/netns/* /tmp/st-* /tmp/sandtable-* /tmp/sandtable-*/* \
        "${XDG_RUNTIME_DIR:-/nowhere}"/sandtable/* /run/user/*/sandtable/*; do
        case ${path##*/} in
        sandtable-[0-9]*) continue ;; # the runtime folder itself may stay
        esac
        if [ -e "$path" ]; then
            echo "file $path"
        fi
    done
}

case ${1:-} in
note)
    list | sort >"$noted"
    ;;
compare)
    # machines that were just told to end get ten seconds to be gone
    tries=0
    while :; do
        left=$(list | sort | comm -13 "$noted" -)
        if [ -z "$left" ]; then
            exit 0
        fi
        tries=$((tries + 1))
        if [ "$tries" -ge 20 ]; then
            break
        fi
        sleep 0.5
    done
    echo "left behind:"
    echo "$left"
    exit 1
    ;;
*)
    echo "usage: leftovers.sh note|compare" >&2
    exit 2
    ;;
esac
