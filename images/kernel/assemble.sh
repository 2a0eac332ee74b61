#!/usr/bin/dash
# assemble.sh - inside the kernel's tree: an ELF kernel, an initramfs, the modules as squashfs.
#
# Runs in the chroot of the kernel build (recipe: packages), so the host needs none of these tools.
# Reads /early-init (the program) and /modules (names, one a line); leaves /out/vmlinux,
# /out/initrd, /out/modules.squashfs, /out/packages.
set -eu

for version in /lib/modules/*; do version=${version##*/}; done # there is one
image=/boot/vmlinuz-$version
mkdir -p /out /initramfs

# Nothing is installed here, so dpkg knows nothing: the files' names say NAME_VERSION_ARCH.deb.
for deb in /var/cache/apt/archives/*.deb; do
    deb=${deb##*/}
    echo "${deb%_*}"
done | sed 's/_/ /; s/%3a/:/' > /out/packages

# The bzImage's header says where the compressed ELF kernel lies (Documentation/arch/x86/boot.rst:
# setup_sects at 0x1f1, payload_offset at 0x248, payload_length at 0x24c). QEMU boots the ELF by PVH
# and the guest saves the time of decompression.
number() { od -An -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' '; }
sectors=$(number "$image" 497 1)
[ "$sectors" != 0 ] || sectors=4
start=$(( (sectors + 1) * 512 + $(number "$image" 584 4) ))
length=$(number "$image" 588 4)
tail -c "+$((start + 1))" "$image" | head -c "$length" > /payload
magic=$(od -An -t x1 -N 4 /payload | tr -d ' ')
case $magic in
    02214c18) lz4 -dc ;;
    28b52ffd) zstd -dcq ;;
    fd377a58) xz -dc ;;
    1f8b*) gzip -dc ;;
    *) echo "assemble.sh: the kernel's compression is not known" >&2; exit 1 ;;
esac < /payload > /out/vmlinux 2> /decompress.log || true # the payload's last 4 bytes are its size
[ "$(od -An -t x1 -N 4 /out/vmlinux | tr -d ' ')" = 7f454c46 ] || {
    cat /decompress.log >&2
    echo "assemble.sh: no ELF kernel came out of $image" >&2
    exit 1
}

# depmod computes the order; modprobe prints it. A wrong order is a guest without disk, silent.
depmod "$version"
while read -r module; do
    modprobe -S "$version" --show-depends "$module"
done < /modules | mawk '$1 == "insmod" && !seen[$2]++ { print $2 }' > /order
: > /initramfs/modules.list
# A module's signature is at its end: the module, the signature, 8 bytes, its length (big-endian),
# 28 bytes of text (scripts/sign-file.c). Without it the kernel need not compute RSA and hashes:
# 0.2 s of processor time under emulation. The kernel takes unsigned modules unless locked down.
copy_unsigned() {
    bytes=$(wc -c < "$1")
    if [ "$(tail -c 28 "$1")" = "~Module signature appended~" ]; then
        signature=$(tail -c 32 "$1" | od -An --endian=big -t u4 -N 4 | tr -d ' ')
        bytes=$((bytes - signature - 12 - 28))
    fi
    head -c "$bytes" "$1" > "/initramfs/${1##*/}"
}
while read -r file; do
    copy_unsigned "$file"
    echo "/${file##*/}" >> /initramfs/modules.list
done < /order
cp /early-init /initramfs/init
chmod 755 /initramfs/init
touch -h -d @0 /initramfs/* /initramfs
cd /initramfs
printf '%s\n' * | LC_ALL=C sort | cpio --quiet -o -H newc --reproducible > /out/initrd
[ "$(wc -c < /out/initrd)" -gt 500000 ]

mksquashfs /lib/modules /out/modules.squashfs -comp lz4 -noappend -no-progress -quiet \
    -all-root -all-time 0 -mkfs-time 0
