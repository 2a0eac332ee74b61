#!/bin/sh
# window.sh - one start in a real window: Xvfb, a recorded drill, F12, a picture, q.
# usage: window.sh SANDTABLE-DISPLAY
set -eu

for tool in Xvfb xdotool; do
    if ! command -v "$tool" >/dev/null; then
        echo "skipped: $tool is not installed"
        exit 77
    fi
done

here=$(dirname "$(readlink -f "$0")")
display=$(readlink -f "$1")
work=$(mktemp -d /tmp/st-window-XXXXXX)
server='' program=''
finish() {
    for pid in $program $server; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap finish EXIT

# wait_for WHAT COMMAND …: asks again until it succeeds, at most 30 s
wait_for() {
    what=$1
    shift
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        if [ "$tries" -gt 300 ]; then
            echo "no $what within 30 s; the display said:"
            cat "$work/log"
            exit 1
        fi
        sleep 0.1
    done
}
gone() { ! kill -0 "$program" 2>/dev/null; }

: >"$work/log"
Xvfb -displayfd 3 -screen 0 1280x800x24 -nolisten tcp 3>"$work/display" 2>/dev/null &
server=$!
wait_for "X server" test -s "$work/display"
DISPLAY=:$(cat "$work/display")
export DISPLAY

cd "$work"
SDL_VIDEODRIVER=x11 "$display" --events "$here/first-drill.ndjson" --size 1280x720 >"$work/log" 2>&1 &
program=$!
wait_for window xdotool search --class sandtable-display
xdotool mousemove 600 400 click 1 # there is no window manager: a click gives the focus
# the first key may come before the window listens: press until there is a picture
shoot() { xdotool key F12 && sleep 0.2 && test -s sandtable-first-drill-001.png; }
wait_for screenshot shoot
xdotool key q
wait_for end gone
wait "$program"
program=''
echo "a window opened, took its picture ($(wc -c <sandtable-first-drill-001.png) bytes) and closed"
