/* world_real_disk.h - disks of real machines: their files, imported images, readiness by network.
 *
 * The files of machine m3 of exercise NAME are STATE/NAME.disks/m3.qcow2 (over the imported image),
 * m3.data.qcow2 (a recipe's machine with disk = …), m3.seed.iso, m3.nvram. They are made when the
 * machine starts and are not there, so they outlive its restarts; `down` removes the folder.
 */
#pragma once

#include "world/world_real.h"

/* Does the machine have files of its own? Such a machine always starts cold. */
bool real_disk_has(const struct real_machine *machine);

/* Before anything else is asked; does nothing for a machine without. */
void real_disk_init(struct real_machine *machine);

/* Makes what is missing in a thread; then real_machine_on_disks() is called. */
void real_disk_start(struct real_machine *machine);

/* Removes the files of a machine that does not run: its next start is its first. Does nothing for
 * one without. */
bool real_disk_reset(struct real_machine *machine, GError **error);

/* Adds disks and hardware to what virt_start() gets; the strings are the machine's. */
void real_disk_describe(const struct real_machine *machine, struct virt_machine *spec);

/* The command that puts a recipe's data disk in place, or NULL; g_strfreev. */
char **real_disk_mount_argv(const struct real_machine *machine);

/* The set-up is done, or there is no agent to do one: READY follows when the machine shows what its
 * plan waits for. False when it waits for nothing more. */
bool real_disk_await(struct real_machine *machine);
void real_disk_abandon(struct real_machine *machine);
void real_disk_free(struct real_machine *machine);

/* NULL, or why commands and files do not reach the machine; the caller frees it. */
GError *real_disk_refusal(const struct real_machine *machine);

/* ---- world_real_refuse.c -------------------------------------------------------------------- */

/* True when the machine has no agent: done is called with the reason in the loop's next turn. */
bool real_refuse_exec(struct world *head, int machine, world_exec_fn done, gpointer data);
bool real_refuse_write(struct world *head, int machine, world_done_fn done, gpointer data);
bool real_refuse_read(struct world *head, int machine, world_read_fn done, gpointer data);
void real_refuse_settle(struct real_world *world); /* those on their way come now */
