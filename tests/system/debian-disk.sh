#!/usr/bin/env bash
# debian-disk.sh - makes the disk that the import tests import: Debian with systemd, GRUB and
# cloud-init on a partitioned qcow2 that boots by BIOS and by UEFI. Needs no root: all that wants to
# be root is done in mmdebstrap's user namespace.
#
#   debian-disk.sh FILE.qcow2
#
# The result depends on this script and the packages of the day only; callers keep it.
set -euo pipefail
out=$(realpath -m "$1")
work=$(mktemp -d "${out%/*}/.disk-XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

mib() { echo $(($1 * 1024 * 1024)); }
size=900 first=34 # MiB of the disk, and where its root partition begins

# What runs in the tree: a small initramfs, GRUB for both firmwares, services, a user for tests.
cat >inside.sh <<'INSIDE'
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
echo 'LABEL=root / ext4 noatime 0 1' >/etc/fstab
ln -sf /lib/systemd/system/multi-user.target /etc/systemd/system/default.target
# an emulated processor starts each of these for seconds, and no test looks at them
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
    e2scrub_reap.service fstrim.timer systemd-timesyncd.service systemd-pstore.service \
    getty@tty1.service systemd-networkd-wait-online.service ModemManager.service \
    cloud-config.service cloud-init-hotplugd.socket grub-common.service \
    systemd-journal-flush.service systemd-random-seed.service kmod-static-nodes.service \
    systemd-udev-settle.service systemd-hwdb-update.service systemd-update-utmp.service \
    systemd-boot-system-token.service systemd-logind.service; do
    ln -sf /dev/null "/etc/systemd/system/$unit"
done
ln -sf /dev/null /etc/udev/rules.d/80-net-setup-link.rules # eth0, whatever the bus
: >/etc/machine-id
cat >/etc/cloud/cloud.cfg <<'CLOUD'
datasource_list: [NoCloud]
disable_root: false
manage_etc_hosts: false
cloud_init_modules: [write-files, set_hostname, users-groups, ssh]
cloud_config_modules: []
cloud_final_modules: [runcmd, scripts-user]
# not at the top: there "network" would be a configuration, and stand above the seed's
system_info: {distro: debian, network: {renderers: [networkd]}, ssh_svcname: ssh, default_user: {name: debian, lock_passwd: true}}
CLOUD
find /etc/cloud/cloud.cfg.d -type f ! -name 05_logging.cfg -delete
echo 'datasource: NoCloud' >/etc/cloud/ds-identify.cfg
# nothing is fetched from anywhere: the service to look at is Python's own
cat >/etc/systemd/system/web.service <<'UNIT'
[Unit]
After=network.target
[Service]
ExecStart=/usr/bin/python3 -m http.server 80 --directory /srv
[Install]
WantedBy=multi-user.target
UNIT
echo 'imported' >/srv/index.html
systemctl enable web.service systemd-networkd.service qemu-guest-agent.service cloud-init-local.service \
    cloud-init.service cloud-final.service >/dev/null 2>&1

printf '%s\n' virtio_pci virtio_blk ahci sd_mod ata_piix ext4 >/etc/initramfs-tools/modules
sed -i 's/^MODULES=.*/MODULES=list/; s/^COMPRESS=.*/COMPRESS=lz4/' /etc/initramfs-tools/initramfs.conf
update-initramfs -u -k all >/dev/null

kernel=$(basename /boot/vmlinuz-*) initrd=$(basename /boot/initrd.img-*)
mkdir -p /boot/grub /grub
cat >/boot/grub/grub.cfg <<GRUB
serial --unit=0 --speed=115200
terminal_input serial
terminal_output serial
echo "GRUB: \$grub_platform"
linux /boot/$kernel root=LABEL=root ro console=ttyS0 quiet no_timer_check mitigations=off cryptomgr.notests net.ifnames=0
initrd /boot/$initrd
boot
GRUB
common='part_gpt ext2 normal linux search search_label serial echo terminal configfile boot'
echo 'search --set=root --label root
set prefix=($root)/boot/grub
configfile ($root)/boot/grub/grub.cfg' >/grub/early.cfg
grub-mkimage -O i386-pc -o /grub/core.img -p /boot/grub -c /grub/early.cfg biosdisk $common
cp /usr/lib/grub/i386-pc/boot.img /grub/boot.img
grub-mkimage -O x86_64-efi -o /grub/bootx64.efi -p /boot/grub -c /grub/early.cfg $common
truncate -s 32M /grub/esp.img
mformat -i /grub/esp.img -v ESP ::
mmd -i /grub/esp.img ::/EFI ::/EFI/BOOT
mcopy -i /grub/esp.img /grub/bootx64.efi ::/EFI/BOOT/BOOTX64.EFI
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /usr/lib/grub /usr/share/locale /grub/early.cfg
find /usr/lib/python3* -name test -prune -exec rm -rf {} +
INSIDE

# The tree as a file system: seen without what is mounted in it (proc, sys, dev).
# It is a hook as text: the user namespace's root may not read this folder.
root=$((size - first - 1))
# shellcheck disable=SC2016 # the hook's $1 is mmdebstrap's
pack='set -eu
tree=$(mktemp -d) image=$(mktemp)
mount --bind "$1" "$tree"
truncate -s '"$root"'M "$image"
/usr/sbin/mke2fs -q -t ext4 -L root -d "$tree" "$image"
umount "$tree"
rmdir "$tree"
mv "$image" "$1/root.img"'

packages=systemd-sysv,udev,linux-image-cloud-amd64,initramfs-tools,lz4,kmod,cloud-init,qemu-guest-agent
packages+=,openssh-server,iproute2,grub-pc-bin,grub-efi-amd64-bin,grub-common,mtools,e2fsprogs,dosfstools
# shellcheck disable=SC2016 # the hooks' $1 is mmdebstrap's
mmdebstrap --mode=unshare --variant=essential --format=tar --quiet \
    --aptopt='APT::Install-Recommends "false"' --dpkgopt=force-unsafe-io \
    --dpkgopt=path-exclude='/usr/share/man/*' --dpkgopt=path-exclude='/usr/share/locale/*' \
    --dpkgopt=path-exclude='/usr/share/doc/*' --dpkgopt=path-exclude='/usr/share/info/*' \
    --include="$packages" \
    --customize-hook='upload inside.sh /inside.sh' \
    --customize-hook='chroot "$1" sh /inside.sh && rm "$1/inside.sh"' \
    --customize-hook='download /grub/core.img core.img' \
    --customize-hook='download /grub/boot.img boot.img' \
    --customize-hook='download /grub/esp.img esp.img' \
    --customize-hook='rm -r "$1/grub"' \
    --customize-hook="$pack" \
    --customize-hook='download /root.img root.img' --customize-hook='rm "$1/root.img"' \
    bookworm /dev/null </dev/null

# The disk: BIOS boot partition (GRUB's core image), EFI system partition, root.
truncate -s "${size}M" disk.raw
/usr/sbin/sfdisk -q disk.raw <<PARTS
label: gpt
start=1MiB, size=1MiB, type=21686148-6449-6E6F-744E-656564454649
start=2MiB, size=32MiB, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B
start=${first}MiB, size=${root}MiB, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4
PARTS
# shellcheck disable=SC2059 # escapes are what the format is for
le64() { local i; for i in 0 8 16 24 32 40 48 56; do printf "\\x$(printf %x $((($1 >> i) & 255)))"; done; }
put() { dd of=disk.raw conv=notrunc"${3-,sparse}" bs="${2:-1M}" seek="$1" status=none; }
dd if=boot.img bs=440 count=1 status=none | put 0 1 ''
le64 2048 | put $((0x5c)) 1 ''                           # where the core image begins
put 1 <core.img
le64 2049 | put $(($(mib 1) + 0x1f4)) 1 ''               # where its second sector is
put 2 <esp.img
put "$first" <root.img
qemu-img convert -f raw -O qcow2 disk.raw disk.qcow2
mv disk.qcow2 "$out"
