#!/bin/sh
# netlab.sh [OPTION…] -- PROGRAM [ARGUMENT…] - runs a program as root inside a guest with Debian's
# kernel, for tests of what the host's kernel lacks (netem, 8021q, openvswitch …).
#
# The guest is one plain QEMU machine without a network card: the kernel, initramfs and modules of
# the image store, and a squashfs made here with PROGRAM, the libraries it is linked with, and
# netlab-init.c as PID 1, which also loads the modules that the kernel asks for. There is no shell
# and no other program, unless --file brings it. The guest's clock counts its own instructions
# (-icount), so that a busy host spoils no measurement of time, and idling costs none. Output comes by the serial port; the exit status is
# PROGRAM's, 77 where the host lacks what this needs, 124 when the time was up.
#
#     --memory MIB   the guest's memory (256)
#     --limit S      seconds until the guest is ended (300)
#     --file PATH    another file of the host to have at the same place; repeats. The libraries that
#                    a program needs come with it
#     --env NAME=V   an environment variable; repeats
#     --init PATH    netlab-init (from the build of $SANDTABLE_BUILD)
#
# Every guest_NAME.c in this folder becomes the test system.netlab_NAME by itself; a comment in it
# that says "netlab: --OPTION …" gives the options. By hand, in the clone, or elsewhere with SANDTABLE and SANDTABLE_BUILD set:
#     tests/system/netlab/netlab.sh -- build-debug/tests/bin/netlab_kernel
set -eu
export LC_ALL=C

memory=256
limit=300
init=${SANDTABLE_BUILD:-build}/tests/bin/netlab-init
work=$(mktemp -d "${TMPDIR:-/tmp}/st-netlab.XXXXXX")
qemu=
# shellcheck disable=SC2317 # the trap calls it
clean_up() {
    if [ -n "$qemu" ]; then
        kill "$qemu" 2>/dev/null || true
        wait "$qemu" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP
tree=$work/tree
for dir in sbin netlab proc sys dev tmp run etc root lib/modules lib64 usr/bin usr/sbin; do
    mkdir -p "$tree/$dir"
done
: >"$tree/netlab/env"
: >"$tree/netlab/argv"

skip() {
    echo "skipped: $1"
    exit 77
}

# The libraries of a program, its interpreter included, where it will look for them.
add_libraries() {
    ldd "$1" 2>/dev/null | sed -n 's/^[^/]*\(\/[^ ]*\) (0x.*/\1/p' | while read -r library; do
        if [ ! -e "$tree$library" ]; then
            mkdir -p "$tree${library%/*}"
            cp -L "$library" "$tree$library"
        fi
    done
}

add_file() {
    [ -e "$1" ] || skip "no $1 here"
    mkdir -p "$tree${1%/*}"
    cp -L "$1" "$tree$1"
    add_libraries "$1"
}

while [ $# -gt 0 ]; do
    case $1 in
    --memory) memory=$2 && shift 2 ;;
    --limit) limit=$2 && shift 2 ;;
    --file) add_file "$2" && shift 2 ;;
    --init) init=$2 && shift 2 ;;
    --env) echo "$2" >>"$tree/netlab/env" && shift 2 ;;
    --) shift && break ;;
    *) echo "netlab.sh: unknown option $1" >&2 && exit 2 ;;
    esac
done
program=$1
shift
for argument in "$@"; do
    printf '%s\n' "$argument" >>"$tree/netlab/argv"
done
printf '%s\n' PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TMPDIR=/tmp >>"$tree/netlab/env"

command -v qemu-system-x86_64 >/dev/null || skip "qemu-system-x86_64 is not installed"
command -v mksquashfs >/dev/null || skip "mksquashfs is not installed"
kernel=$("${SANDTABLE:-build/bin/sandtable}" image list --json | sed 's/},{/}\n{/g' |
    sed -n '/"name":"kernel"/s/.*"built":true.*"path":"\([^"]*\)".*/\1/p')
[ -r "${kernel:-/nowhere}/vmlinux" ] || skip "the kernel's image is not built: sandtable image build"

cp "$program" "$tree/netlab/run"
chmod 755 "$tree/netlab/run"
add_libraries "$program"
cp "$init" "$tree/sbin/init"
ln "$tree/sbin/init" "$tree/sbin/modprobe"
mksquashfs "$tree" "$work/root.squashfs" -comp lz4 -noappend -no-progress -quiet -all-root >"$work/mksquashfs.log" 2>&1 || {
    cat "$work/mksquashfs.log" >&2
    exit 1
}

timeout "$limit" qemu-system-x86_64 -accel tcg -icount shift=1,sleep=off -rtc clock=vm -cpu max -m "$memory" -smp 1 -nodefaults -no-user-config \
    -nographic -no-reboot -nic none -sandbox on,obsolete=deny,spawn=deny \
    -kernel "$kernel/vmlinux" -initrd "$kernel/initrd" \
    -append "console=ttyS0 quiet loglevel=3 panic=-1 cryptomgr.notests mitigations=off" \
    -drive "file=$work/root.squashfs,if=virtio,format=raw,readonly=on" \
    -drive "file=$kernel/modules.squashfs,if=virtio,format=raw,readonly=on" \
    -serial "file:$work/console" >"$work/qemu.log" 2>&1 &
qemu=$!
status=0
wait "$qemu" || status=$?
qemu=
tr -d '\r' <"$work/console" | sed '1,/sandtable-boot$/d; /^netlab-exit: /d; /reboot: Restarting/d'
code=$(tr -d '\r' <"$work/console" | sed -n 's/^netlab-exit: //p' | tail -n 1)
if [ -n "$code" ]; then
    exit "$code"
fi
cat "$work/qemu.log" >&2
if [ "$status" = 124 ]; then
    echo "netlab.sh: not done after $limit s" >&2
    exit 124
fi
echo "netlab.sh: the guest ended without a result (QEMU: $status)" >&2
exit 125
