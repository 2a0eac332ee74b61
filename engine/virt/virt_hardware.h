/* virt_hardware.h - machines that are more than a kernel and a squashfs: disks, firmware, TPM. */
#pragma once

#include <glib.h>
#include <stdbool.h>

struct virt_disk {
    const char *file;
    const char *format; /* qcow2, raw */
    const char *bus;    /* virtio, sata, ide */
    bool readonly;
    bool cdrom; /* on sata and ide: what Linux and Windows look for a seed on */
    int boot;   /* order; 0: nobody boots from it */
};

struct virt_hardware {    /* a machine that boots from its own disk */
    const char *firmware; /* bios, uefi, uefi-secure */
    const char *code;     /* UEFI: the firmware, read-only */
    const char *vars;     /* UEFI: a template of its variables */
    const char *nvram; /* UEFI: the variables of this machine; made from vars when it is missing */
    const char *uuid;  /* the same at every start: a TPM's state is kept under it */
    const char *cards; /* virtio, e1000e, rtl8139 */
    bool tpm;          /* TPM 2.0 by swtpm */
    bool windows;      /* clock, enlightenments, a pointer for the screen */
    bool agent;        /* a channel for the guest agent */
};

/* The files of a UEFI firmware ("uefi", "uefi-secure") on this host; an error names the package. */
bool virt_firmware_find(
        const char *firmware, const char **ret_code, const char **ret_vars, GError **error);
