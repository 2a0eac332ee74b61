#!/bin/bash
# selftest.sh - the checks of this folder find what is planted in front of them, and only that.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
tree=$(mktemp -d /tmp/st-lint.XXXXXX)
trap 'rm -rf "$tree"' EXIT
bad=0

expect() { # found|clean TEXT COMMAND…
    local want=$1 text=$2 output got=clean
    shift 2
    output=$("$@" 2>&1) || got=found
    if [[ $got != "$want" ]] || { [[ $want == found ]] && ! grep -qF -- "$text" <<<"$output"; }; then
        printf 'expected %s (%s), got %s from: %s\n%s\n' "$want" "$text" "$got" "$*" "$output"
        bad=1
    fi
}

mkdir -p "$tree"/engine/{base,plan,net,check,cell,run,cli} "$tree/ui/display" "$tree/lua"
printf '/* plan.h - the plan. */\n#include "base/text.h"\n' >"$tree/engine/plan/plan.h"
printf '/* check.c - checks. */\n#include "cell/cell.h"\n#include "plan/plan.h"\n' >"$tree/engine/check/check.c"
printf '/* main.c - the display. */\n#include "control/control.h"\n#include "view.h"\n' >"$tree/ui/display/main.c"
printf -- '-- attack.lua - steps\nreturn {}\n' >"$tree/lua/attack.lua"
expect clean "" "$here/layers.sh" "$tree"
expect clean "" "$here/shape.sh" "$tree"

planted() { # FILE CONTENT TEXT CHECK: TEXT must be in what CHECK says about it
    printf '%b' "$2" >"$tree/$1"
    expect found "$3" "$here/$4" "$tree"
    rm "$tree/$1"
}
planted engine/base/up.c '/* up.c - x. */\n#include "plan/plan.h"\n' 'engine/base/up.c:2: base/ may not include "plan/plan.h"' layers.sh
planted engine/net/side.c '/* side.c - x. */\n\n  #  include "cell/cell.h"\n' 'net/side.c:3' layers.sh
planted engine/run/low.c '/* low.c - x. */\n#include "cli/cli.h"\n' 'run/ may not include "cli/cli.h"' layers.sh
planted engine/net/check.h '/* check.h - x. */\n#include "check/check.h"\n' 'net/ may not include' layers.sh
planted ui/display/deep.c '/* deep.c - x. */\n#include "virt/virt.h"\n' 'display/ may not include "virt/virt.h"' layers.sh
mkdir "$tree/engine/extra"
expect found "extra/: not a layer" "$here/layers.sh" "$tree"
rmdir "$tree/engine/extra"

planted engine/run/long.c "/* long.c - x. */\n$(printf '\\n%.0s' {1..500})" 'engine/run/long.c: 501 lines' shape.sh
planted engine/run/none.c 'int x;\n' 'none.c:1' shape.sh
planted engine/run/other.c '/* another.c - x. */\n' 'other.c:1' shape.sh
planted lua/none.lua 'return {}\n' 'none.lua:1' shape.sh
planted engine/run/space.c '/* space.c - x. */\nint x; \n' 'space.c:2' shape.sh
planted engine/run/tab.c '/* tab.c - x. */\n\tint x;\n' 'tab.c:2' shape.sh
planted engine/run/end.c '/* end.c - x. */\nint x;' 'end.c: no newline' shape.sh
expect clean "" "$here/layers.sh" "$tree"
expect clean "" "$here/shape.sh" "$tree"

# the commit check
printf 'net: make bridges in one batch\n\nOne request each was slow.\n' >"$tree/good"
expect clean "" "$here/commits.sh" --file "$tree/good"
for subject in 'Net: upper case' 'net: ends with a stop.' 'no area at all' 'net: Upper after the colon'; do
    printf '%s\n\nBody.\n' "$subject" >"$tree/bad"
    expect found "$subject" "$here/commits.sh" --file "$tree/bad"
done
printf 'net: has no body\n' >"$tree/bad"
expect found "body" "$here/commits.sh" --file "$tree/bad"
exit "$bad"
