/* hardware.h - what a machine's hardware looks like: disks, firmware, agent, when it is ready.
 *
 * A scenario writes some of it, an imported image says the rest; plan_apply_images() puts both
 * together. Words (firmware, cards, bus, os) are those of plan_hardware_words().
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define PLAN_UNSAID (-1)
#define PLAN_DISK_MIN_MIB 16
#define PLAN_DISK_MAX_MIB (256 * 1024)
#define PLAN_READY_TIMEOUT_MS 300000
#define PLAN_DISK_MOUNT "/srv/data" /* where a recipe's machine has its disk by default */

enum plan_ready_kind {
    PLAN_READY_UNSAID,
    PLAN_READY_AGENT,  /* the guest agent answers and the set-up is done */
    PLAN_READY_TCP,    /* a port of it can be reached */
    PLAN_READY_PING,   /* it answers */
    PLAN_READY_SERIAL, /* a text has come out of its serial port */
};

struct plan_ready { /* ready = { tcp = 22, timeout = "3m" } */
    enum plan_ready_kind kind;
    int port;       /* TCP */
    char *text;     /* SERIAL */
    int timeout_ms; /* from its start; 0: PLAN_READY_TIMEOUT_MS */
};

struct plan_hardware {
    bool imported;    /* the image is a whole disk: set by plan_apply_images() */
    bool cloud_init;  /* and reads a NoCloud seed: likewise */
    int disk_mib;     /* a disk that survives restarts; for an imported image its own disk's size,
                         0: as large as the image */
    char *disk_mount; /* where a recipe's machine has it; NULL for imported ones */
    char *os;         /* linux, windows: the image's */
    char *firmware;   /* bios, uefi, uefi-secure; NULL: the image's */
    char *cards;      /* virtio, e1000e, rtl8139 */
    char *bus;        /* virtio, sata, ide */
    int tpm, agent;   /* 0, 1 or PLAN_UNSAID */
    struct plan_ready ready;
};

/* What a scenario's machines can be made of; a recipe's image has only name and memory. */
struct plan_image {
    char *name;
    int memory_mib, cpus;
    gint64 disk_bytes; /* virtual size of an imported disk */
    struct plan_hardware hardware;
};

void plan_hardware_init(struct plan_hardware *hardware);
void plan_hardware_clear(struct plan_hardware *hardware);
struct plan_image *plan_image_new(const char *name);
void plan_image_free(gpointer data); /* struct plan_image */

/* The words that may stand for "firmware", "cards", "bus" or "os"; NULL-terminated. */
const char *const *plan_hardware_words(const char *of);

const char *plan_ready_name(enum plan_ready_kind kind);

/* "tcp:22", "ping", "serial:login:", "agent" into ready; false when it is none of them. */
bool plan_ready_parse(const char *text, struct plan_ready *ret);
char *plan_ready_text(const struct plan_ready *ready); /* the same back; the caller frees it */
