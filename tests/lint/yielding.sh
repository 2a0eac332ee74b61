#!/bin/bash
# yielding.sh - runs a command of minutes behind everything else. The kernel weighs a session as one
# group (sched(7), autogroups), and each machine is one: a compiler in the tests' own session would
# take three times a machine's part.
set -euo pipefail
setsid bash -c '{ echo 19 >/proc/self/autogroup; } 2>/dev/null; exec nice -n 19 "$@"' -- "$@" &
session=$!
trap 'kill -- "-$session" 2>/dev/null || true' EXIT
trap 'exit 1' INT TERM
wait "$session"
