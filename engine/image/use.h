/* use.h - what machines of an image were seen to take on this host, kept beside the image.
 *
 * Written by exercises when a machine is ready, read by the preflight. A file that is damaged or
 * absent counts as "not measured".
 */
#pragma once

#include "image/image.h"

#include <stdbool.h>

struct image_use {
    int memory_mib;    /* the machine's own, as declared */
    int pss_mib;       /* of its QEMU when it was ready: proportional set size */
    double boot_cpu_s; /* of one processor, until it was ready */
};

/* accel: "tcg" or "kvm". False: not measured. */
bool image_use_read(const struct image *image, const char *accel, struct image_use *ret);

/* Remembers the largest values seen. What cannot be written is not remembered. */
void image_use_note(const struct image *image, const char *accel, const struct image_use *use);

/* Of a process that runs: PSS and processor time. False when it is gone. */
bool image_use_of_process(pid_t pid, struct image_use *ret);
