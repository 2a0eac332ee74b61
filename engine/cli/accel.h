/* accel.h - which accelerator this host gives, as all verbs ask it: one trial boot, one cache. */
#pragma once

#include "image/image.h"
#include "virt/virt.h"

/* Tries KVM with the image's kernel, which it must have, unless the verdict is known. *why is the
 * caller's. */
enum virt_accel accel_probe(const struct image *image, char **why);

/* The same without a trial: NULL for *why where nobody has tried yet, and TCG, the slower one. */
enum virt_accel accel_known(const struct image *image, char **why);
