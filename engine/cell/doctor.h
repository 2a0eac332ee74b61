/* doctor.h - the host's checks, one function each; doctor.c lines them up. */
#pragma once

#include "cell/cell.h"

struct doctor_check *doctor_qemu(void);
struct doctor_check *doctor_libvirt(void);
struct doctor_check *doctor_image_tools(void);
struct doctor_check *doctor_disk_tools(void);
struct doctor_check *doctor_subids(void);
struct doctor_check *doctor_memory(void);
struct doctor_check *doctor_disk_state(void);
struct doctor_check *doctor_disk_images(void);
struct doctor_check *doctor_runtime(void);
struct doctor_check *doctor_shares(void);

/* MiB of memory that new programs can have (MemAvailable), -1 when unknown. */
gint64 doctor_memory_available(void);

/* MiB free for dir, or for the nearest folder above it that exists; -1 when unknown. */
gint64 doctor_disk_available(const char *dir);
/* Whether what is free for one of them is the same as what is free for the other. */
bool doctor_disk_is_one(const char *dir, const char *other);

/* Where a program is, as PATH says; an account made for services may have a short PATH, so the
 * usual folders count too. NULL when it is nowhere; the caller frees it. */
char *doctor_find_program(const char *name);
