/* import_private.h - the steps of an import; for the files import*.c and their tests only. */
#pragma once

#include "image/import.h"

#include <glib.h>
#include <stdbool.h>

#define IMPORT_HEAD 2048 /* bytes of the beginning that import_format_of() wants */

/* ---- import_store.c ------------------------------------------------------------------------- */

/* Removes all imported images of that name but the one of that digest (NULL: all). */
bool import_remove_others(const char *name, const char *digest, GError **error);

/* ---- import_probe.c ------------------------------------------------------------------------- */

/* "qcow2", "raw", "vmdk", "vhd", "vhdx", "vdi", "ova" by the first bytes and the last 512; NULL and
 * an error that names what it is instead. head may be shorter than IMPORT_HEAD. */
const char *import_format_of(
        const guint8 *head, gsize length, const guint8 *tail, gsize tail_length, GError **error);

/* The driver of that format in QEMU. */
const char *import_driver(const char *format);

/* Refuses a header that names other files; head as above. descriptor: a VMDK's embedded text. */
bool import_head_is_safe(
        const char *format, const guint8 *head, gsize length, const guint8 *tail, GError **error);
bool import_vmdk_is_safe(const char *descriptor, gsize length, GError **error);

/* What `qemu-img info --output=json` said of file: its virtual size, or -1 and an error. */
gint64 import_info_size(const char *json, gsize length, const char *file, GError **error);

/* All of it for one file (its format known): the virtual size, or -1. */
gint64 import_probe_file(const char *file, const char *format, GError **error);

/* ---- import_tar.c --------------------------------------------------------------------------- */

struct tar_member {
    char *name;
    gint64 offset, size; /* of its bytes */
};

/* One header block of 512 bytes: 1 a member (name and size filled), 0 the end, -1 an error. */
int tar_header(const guint8 *block, struct tar_member *ret, GError **error);

/* All members of the archive behind fd: plain files with plain names. */
GPtrArray *tar_members(int fd, gint64 bytes, GError **error);

/* ---- import_ovf.c --------------------------------------------------------------------------- */

struct ovf {    /* what an OVF says of its one machine */
    char *disk; /* href of the file that is its disk */
    gint64 capacity;
    int memory_mib, cpus;                    /* 0: not said */
    const char *cards, *bus, *firmware, *os; /* ours for it, NULL: not said */
};
void ovf_clear(struct ovf *ovf);
bool ovf_parse(const char *text, gsize length, struct ovf *ret, GError **error);

/* A plain file name: no folder, no "..", no URL. what is "OVF: file". */
bool ovf_name_is_plain(const char *name, const char *what, GError **error);

/* ---- import_ova.c --------------------------------------------------------------------------- */

/* Checks the archive and its manifest, writes its disk to work/member and what it says to ret. */
bool ova_unpack(const char *file, const char *work, struct ovf *ret, GError **error);

/* A line of a manifest, "SHA256(NAME)= HEX": false when it is no such line. */
bool ova_manifest_line(const char *line, GChecksumType *ret_type, char **ret_name, char **ret_hex);
