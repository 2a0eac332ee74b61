/* virt_loop.h - libvirt's event loop, on a thread and a main context of its own. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Registers the event loop with libvirt and starts its thread, once a process; before the first
 * connection. libvirt's own implementation runs in GLib's default context, where it would share
 * sources with the main thread. The process becomes the reaper of its orphans. */
void virt_loop_start(void);

/* Takes the process off the list of processes as soon as it ends. libvirt makes QEMU an orphan and
 * then, to destroy it, waits until its pid is gone: as long as the host's init likes to take. */
void virt_loop_reap(pid_t pid);

/* Opens and closes a window (they nest) in which every ended QEMU below this process is taken off
 * at once: around calls that may make libvirt ask QEMU for its capabilities, or destroy a machine.
 * It starts QEMUs of its own for that, and waits for the end of each in the same way. */
void virt_loop_orphans(bool expected);

/* Returns when no callback of libvirt's runs any more that was begun before the call. libvirt does
 * not wait for one that runs when it is deregistered. Not from the loop's own thread. */
void virt_loop_settle(void);
