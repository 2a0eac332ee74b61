#!/bin/sh
# test_window.sh - a whole exercise from the display alone, by its keys in a real window: started,
# injects made, held and fired, paused, a message, points with a reason, the board frozen, ended,
# reported.
#
# For people who want to look at another scenario; what is not set is as in the test:
#   SCENARIO  its folder; it needs a machine whose console has a shell, and a team that can be written to
#   TEAMS, NAME, SANDTABLE   how many teams; the exercise's name; the program
#   MACHINE, TEAM            whose console is opened ("web"); who writes to the white cell ("blue1")
#   SIZE, SHOTS, LOOKS       of the screen; a folder for pictures; seconds at which to take more
# for example  SCENARIO=scenarios/first-drill TEAMS=2 SHOTS=/tmp/shots LOOKS="50 100" SIZE=1920x1080 \
#                  tests/system/test_window.sh
set -eu

for tool in Xvfb xdotool; do
    if ! command -v "$tool" >/dev/null; then
        echo "skipped: $tool is not installed"
        exit 77
    fi
done

here=$(dirname "$(readlink -f "$0")")
sandtable=$(readlink -f "${SANDTABLE:-$here/../../build/bin/sandtable}")
scenario=$(readlink -f "${SCENARIO:-$here/two-machines}")
teams=${TEAMS:-1}
name=${NAME:-test-window-$$}
if [ -n "${SHOTS:-}" ]; then
    mkdir -p "$SHOTS"
    SHOTS=$(readlink -f "$SHOTS")
fi
work=$(mktemp -d /tmp/st-run-window-XXXXXX)
chmod 1777 "$work" # the display may run as another account
server='' engine=''
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
    tries=$(($2 * 5))
    shift 2
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        if [ "$tries" -lt 0 ]; then
            echo "no $what in time; the engine said:"
            cat "$work/log"
            "$sandtable" events "$name" | tail -20
            exit 1
        fi
        sleep 0.2
    done
}
gone() { ! kill -0 "$1" 2>/dev/null; }
# has PATTERN: of all events, as JSON, one a line
has() { "$sandtable" events "$name" --json >"$work/events" && grep -q -- "$1" "$work/events"; }
# count PATTERN NUMBER
count() { has "$1" && [ "$(grep -c -- "$1" "$work/events")" -ge "$2" ]; }
expect() { wait_for "event $1" 60 has "$1"; }
keys() { xdotool key --delay 60 "$@"; }
# press_until PATTERN NUMBER KEY …: again only when nothing came of it for a while
press_until() {
    pattern=$1
    number=$2
    shift 2
    for _ in 1 2 3 4 5 6; do
        keys "$@"
        looks=0
        while [ "$looks" -lt 40 ]; do
            if count "$pattern" "$number"; then return 0; fi
            looks=$((looks + 1))
            sleep 0.2
        done
    done
    wait_for "event $pattern" 0 false
}
shot() { if [ -n "${SHOTS:-}" ]; then import_shot "$1"; fi; }
import_shot() { # F12 writes into the folder the display was started in
    before=$(find "$work" -name 'sandtable-*.png' | wc -l)
    keys F12
    wait_for "screenshot $1" 20 more_shots "$before"
    newest=$(find "$work" -name 'sandtable-*.png' | sort | tail -1)
    wait_for "whole picture" 10 whole "$newest"
    cp "$newest" "$SHOTS/$1.png"
}
whole() { tail -c 8 "$1" | grep -aq IEND; } # how a PNG ends
more_shots() { [ "$(find "$work" -name 'sandtable-*.png' | wc -l)" -gt "$1" ]; }

# a terminal that nobody sees: the display opens a machine's console in one
mkdir "$work/bin"
cat >"$work/bin/x-terminal-emulator" <<EOF
#!/bin/sh
[ "\$1" = -e ] && shift
echo "\$*" >>"$work/terminal"
timeout 8 script -qec "\$*" "$work/console" </dev/null >/dev/null 2>&1
EOF
chmod 755 "$work/bin" "$work/bin/x-terminal-emulator"
PATH=$work/bin:$PATH
export PATH

: >"$work/log"
Xvfb -displayfd 3 -screen 0 "${SIZE:-1280x800}x24" -nolisten tcp -ac 3>"$work/display" 2>/dev/null &
server=$!
wait_for "X server" 30 test -s "$work/display"
DISPLAY=:$(cat "$work/display")
export DISPLAY SDL_VIDEODRIVER=x11

cd "$work"
"$sandtable" run "$scenario" --name "$name" --teams "$teams" --wait --display >"$work/log" 2>&1 &
engine=$!
wait_for "window" 120 xdotool search --class sandtable-display
wait_for "exercise that waits" 300 has '"state":"ready","by":"engine","reason":"waits to be started"'
xdotool mousemove 600 400 click 1
shot ready

press_until '"state":"running"' 1 space

# two injects that are not in the scenario: one held, one fired
keys i
xdotool type --delay 30 "lift the barrier"
keys Return
expect '"kind":"inject.added".*lift the barrier'
keys i
xdotool type --delay 30 "the second one"
keys Return
expect '"kind":"inject.added".*the second one'
shot injects
press_until '"state":"held"' 1 4 End h
press_until '"kind":"note".*lift the barrier' 1 Up Return y

# a machine's console: in the window, then in a terminal of its own
keys ctrl+f
xdotool type --delay 30 "${MACHINE:-web}"
keys Return
press_until '"kind":"console.opened"' 1 c
machine=$(sed -nE '/"kind":"console.opened"/s/.*"subject":"([^"]*)".*/\1/p' "$work/events" | head -1)
said() { "$sandtable" console "$name" "$machine" --log | grep -q "st-42"; }
for _ in 1 2 3; do # what is typed before the shell is there may be lost
    if said; then break; fi
    keys Return
    # shellcheck disable=SC2016 # the machine's shell counts
    xdotool type --delay 30 'echo st-$((6*7))'
    keys Return
    looks=0
    while [ "$looks" -lt 40 ] && ! said; do
        looks=$((looks + 1))
        sleep 0.2
    done
done
wait_for "answer at the console" 1 said
shot console
press_until '"kind":"console.closed"' 1 ctrl+bracketright
press_until '"kind":"console.opened"' 2 shift+c
wait_for "end of the second console" 60 count '"kind":"console.closed"' 2

press_until '"state":"paused"' 1 space
shot paused
press_until '"state":"running"' 2 space

keys m
xdotool type --delay 30 "read the log"
keys Return
expect '"kind":"message.sent".*read the log'
"$sandtable" message "$name" --from "${TEAM:-blue1}" --by ann "which log?"
expect '"from":"team".*which log'
"$sandtable" messages "$name" --team "${TEAM:-blue1}" >"$work/messages"
grep -q "read the log" "$work/messages"
grep -q "(ann) to white cell: which log" "$work/messages"
keys p
xdotool type --delay 30 -- "-5"
keys Tab
xdotool type --delay 30 "late report"
keys Return
expect '"kind":"score.adjusted".*late report'
press_until '"kind":"score.frozen"' 1 f

if [ -n "${SHOTS:-}" ]; then # a drill goes on for a while, and is looked at in every view
    keys f
    for at in ${LOOKS:-}; do
        wait_for "the time $at" 400 has "\"at_us\":${at}[0-9]\{6\},"
        shot "control-$(echo "$at" | cut -c1-2)"
    done
    for view in wall public instructor; do
        keys shift+F11
        shot "$view"
    done
    keys shift+F11 r shift+Left
    shot replay
    keys Home
fi

keys shift+e
xdotool type --delay 30 "that was it"
keys Return
expect '"state":"ended".*that was it'
wait_for "end of the exercise" 240 gone "$engine"
wait "$engine" || { cat "$work/log"; exit 1; }
engine=''
# the window outlives the engine, has its last picture, and writes the report
ledger=$("$sandtable" status "$name" --json | sed -nE 's/.*"ledger": ?"([^"]*)".*/\1/p')
rm -f "${ledger%.ledger}.html"
keys w
wait_for "report" 60 test -s "${ledger%.ledger}.html"
shot ended
closed() { keys q && ! xdotool search --class sandtable-display; }
wait_for "end of the display" 30 closed
echo "a whole exercise from the display alone: $(wc -l <"$work/events") events"
