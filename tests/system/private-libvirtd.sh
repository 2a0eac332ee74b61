#!/bin/bash
# private-libvirtd.sh - runs a command beside a libvirt daemon that only it can see.
#
# The daemon lives in network, mount and process namespaces of its own, with its folders on tmpfs:
# the host's libvirtd, networks and firewall are neither seen nor touched, and whatever is left over
# ends with the command. Needs root, as a daemon does. Exit status 77: the host cannot.
set -eu

cannot() {
    echo "skipped: $*" >&2
    exit 77
}

if [[ -z ${PRIVATE_LIBVIRTD:-} ]]; then
    [[ $EUID -eq 0 ]] || cannot "a private libvirtd needs root"
    for program in libvirtd iptables virsh; do
        command -v "$program" >/dev/null || cannot "no $program (./dev setup test)"
    done
    exec env PRIVATE_LIBVIRTD=1 unshare --net --mount --pid --fork --kill-child --mount-proc \
        --propagation private "$0" "$@"
fi

for folder in /run/libvirt /etc/libvirt /var/lib/libvirt /var/cache/libvirt /var/log/libvirt; do
    mkdir -p "$folder"
    mount -t tmpfs -o mode=0755 tmpfs "$folder"
done

# /sys shows the network namespace of whoever mounted it; libvirt sets a port's isolation there.
mount -t sysfs sysfs /sys

# A /dev without kvm: where it is there and does not work, libvirt asks QEMU for a minute.
scratch=/run/libvirt/dev
mkdir "$scratch"
mount -t tmpfs -o mode=0755 tmpfs "$scratch"
for name in null zero full random urandom tty ptmx; do
    # shellcheck disable=SC2046 # two numbers
    mknod -m 666 "$scratch/$name" c $(stat -c '%Hr %Lr' "/dev/$name")
done
mkdir "$scratch/net" "$scratch/pts" "$scratch/shm"
mknod -m 666 "$scratch/net/tun" c 10 200
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$scratch/pts"
mount -t tmpfs -o mode=1777 tmpfs "$scratch/shm"
ln -s /proc/self/fd "$scratch/fd"
# libvirt moves each mount below /dev once, by its name: none may be there twice
while read -r place; do
    umount --lazy "$place"
done < <(awk '$2 ~ "^/dev/" { print $2 }' /proc/self/mounts | sort -r)
mount --move "$scratch" /dev

# The account that Debian's libvirt-daemon-system would have made.
if ! getent passwd libvirt-qemu >/dev/null; then
    for file in passwd group; do
        cp "/etc/$file" "/run/libvirt/$file"
    done
    echo "libvirt-qemu:x:64055:64055::/var/lib/libvirt:/usr/sbin/nologin" >>/run/libvirt/passwd
    echo "libvirt-qemu:x:64055:" >>/run/libvirt/group
    getent group kvm >/dev/null || echo "kvm:x:64056:" >>/run/libvirt/group
    for file in passwd group; do
        mount --bind "/run/libvirt/$file" "/etc/$file"
    done
fi

cat >/etc/libvirt/libvirtd.conf <<'END'
auth_unix_rw = "none"
unix_sock_rw_perms = "0777"
log_outputs = "3:file:/var/log/libvirt/libvirtd.log"
END
# no virtlogd, no control groups of the host's; all else as Debian has it
cat >/etc/libvirt/qemu.conf <<'END'
stdio_handler = "file"
cgroup_controllers = []
user = "libvirt-qemu"
group = "libvirt-qemu"
END

ip link set lo up
libvirtd --daemon --pid-file /run/libvirt/test.pid
tries=0
until virsh --quiet -c qemu:///system list >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [[ $tries -gt 100 ]]; then
        cat /var/log/libvirt/libvirtd.log >&2
        cannot "the private libvirtd does not start"
    fi
    sleep 0.1
done

status=0
"$@" || status=$?
kill "$(</run/libvirt/test.pid)"
exit "$status"
