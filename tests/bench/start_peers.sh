#!/usr/bin/env bash
# start_peers.sh - how long others take to start the same machines cold: a shell loop of plain QEMU,
# and, beside a libvirtd, loops of `virsh create` and of `virt-install`.
#
#   start_peers.sh FOLDER MACHINES MIB TEXT WAY…
#
# FOLDER holds kernel, initrd, root and modules. A machine is started when TEXT is on its serial
# port. Prints "WAY SECONDS" for each. The descriptions are what a person would write: machine type,
# devices and limits are the tool's own defaults.
set -euo pipefail
folder=$1 machines=$2 memory=$3 text=$4
shift 4
append="console=ttyS0 quiet"
limit=300 # seconds
pids=()
trap 'kill -9 "${pids[@]}" 2>/dev/null || true' EXIT

now() { echo "${EPOCHREALTIME/./}"; } # microseconds

start_qemu() { # NUMBER
    qemu-system-x86_64 -accel tcg -m "$memory" -display none -vga none -nodefaults \
        -no-user-config -no-reboot -kernel "$folder/kernel" -initrd "$folder/initrd" \
        -append "$append" \
        -drive "file=$folder/root,format=raw,if=virtio,readonly=on" \
        -drive "file=$folder/modules,format=raw,if=virtio,readonly=on" \
        -serial "file:$folder/serial$1" -device virtio-serial-pci \
        -chardev "socket,path=$folder/agent$1,server=on,wait=off,id=agent" \
        -device virtserialport,chardev=agent,name=org.qemu.guest_agent.0 \
        -object rng-random,filename=/dev/urandom,id=rng -device virtio-rng-pci,rng=rng \
        >/dev/null 2>&1 &
    pids+=($!)
}

start_virsh() { # NUMBER
    cat >"$folder/m$1.xml" <<XML
<domain type='qemu'>
  <name>m$1</name>
  <memory unit='MiB'>$memory</memory>
  <os>
    <type arch='x86_64'>hvm</type>
    <kernel>$folder/kernel</kernel>
    <initrd>$folder/initrd</initrd>
    <cmdline>$append</cmdline>
  </os>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/>
      <source file='$folder/root'/><target dev='vda' bus='virtio'/><readonly/>
    </disk>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/>
      <source file='$folder/modules'/><target dev='vdb' bus='virtio'/><readonly/>
    </disk>
    <serial type='file'><source path='$folder/serial$1'/></serial>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
  </devices>
</domain>
XML
    virsh --quiet create "$folder/m$1.xml" >/dev/null
}

start_virt-install() { # NUMBER
    virt-install --quiet --name "m$1" --memory "$memory" --vcpus 1 --virt-type qemu --import \
        --transient --osinfo detect=off,require=off --network none --graphics none \
        --noautoconsole \
        --boot "kernel=$folder/kernel,initrd=$folder/initrd,kernel_args=\"$append\"" \
        --disk "path=$folder/root,format=raw,bus=virtio,readonly=on" \
        --disk "path=$folder/modules,format=raw,bus=virtio,readonly=on" \
        --serial "file,path=$folder/serial$1" \
        --channel unix,target.type=virtio,target.name=org.qemu.guest_agent.0 \
        --rng /dev/urandom >/dev/null
}

started() { # how many machines have said it
    local files=("$folder"/serial*)
    [[ -e ${files[0]} ]] || { echo 0; return; }
    grep -lF "$text" "${files[@]}" 2>/dev/null | wc -l
}

for way in "$@"; do
    rm -f "$folder"/serial* "$folder"/agent*
    from=$(now)
    for ((i = 1; i <= machines; i++)); do
        "start_$way" "$i"
    done
    while (($(started) < machines)); do
        if (($(now) - from > limit * 1000000)); then
            echo "start_peers.sh: $way: $(started) of $machines machines in $limit s" >&2
            exit 3
        fi
        sleep 0.05 # between looks
    done
    took=$(($(now) - from))
    printf '%s %d.%06d\n' "$way" $((took / 1000000)) $((took % 1000000))
    if [[ $way == qemu ]]; then
        kill -9 "${pids[@]}"
        wait "${pids[@]}" 2>/dev/null || true
        pids=()
    else
        for ((i = 1; i <= machines; i++)); do
            virsh --quiet destroy "m$i" >/dev/null
        done
    fi
done
