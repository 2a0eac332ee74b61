#!/bin/sh
# test_window.sh - `run --display` opens a window that shows the running exercise.
set -eu

for tool in Xvfb xdotool; do
    if ! command -v "$tool" >/dev/null; then
        echo "skipped: $tool is not installed"
        exit 77
    fi
done

here=$(dirname "$(readlink -f "$0")")
sandtable=${SANDTABLE:-$here/../../build/bin/sandtable}
work=$(mktemp -d /tmp/st-run-window-XXXXXX)
chmod 1777 "$work" # the display may run as another account
server='' engine='' name=test-window-$$
finish() {
    for pid in $engine $server; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap finish EXIT

# wait_for WHAT SECONDS COMMAND …: asks again until it succeeds
wait_for() {
    what=$1
    tries=$(($2 * 10))
    shift 2
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        if [ "$tries" -lt 0 ]; then
            echo "no $what in time; the engine said:"
            cat "$work/log"
            exit 1
        fi
        sleep 0.1
    done
}
gone() { ! kill -0 "$1" 2>/dev/null; }

: >"$work/log"
Xvfb -displayfd 3 -screen 0 1280x800x24 -nolisten tcp -ac 3>"$work/display" 2>/dev/null &
server=$!
wait_for "X server" 30 test -s "$work/display"
DISPLAY=:$(cat "$work/display")
export DISPLAY SDL_VIDEODRIVER=x11

cd "$work"
"$sandtable" run "$here/two-machines" --name "$name" --teams 1 --until 1s --display \
    >"$work/log" 2>&1 &
engine=$!
wait_for "window" 120 xdotool search --class sandtable-display
wait_for "end of the exercise" 240 gone "$engine"
wait "$engine" || { cat "$work/log"; exit 1; }
engine=''
# the window outlives the engine and still has its last picture
xdotool mousemove 600 400 click 1
shoot() { xdotool key F12 && sleep 0.2 && test -s "sandtable-$name-001.png"; }
wait_for "screenshot" 30 shoot
closed() { xdotool key q && ! xdotool search --class sandtable-display; }
wait_for "end of the display" 30 closed
echo "a window opened, showed the exercise ($(wc -c <"sandtable-$name-001.png") bytes), closed"
if [ -n "${KEEP:-}" ]; then
    cp "sandtable-$name-001.png" "$KEEP"
fi
