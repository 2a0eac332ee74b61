/* virt_loop.h - libvirt's event loop, on a thread and a main context of its own. */
#pragma once

#include <sys/types.h>

/* Registers the event loop with libvirt and starts its thread, once a process; before the first
 * connection. libvirt's own implementation runs in GLib's default context, where it would share
 * sources with the main thread. The process becomes the reaper of its orphans. */
void virt_loop_start(void);

/* Takes the process off the list of processes as soon as it ends. libvirt makes QEMU an orphan and
 * then, to destroy it, waits until its pid is gone: as long as the host's init likes to take. */
void virt_loop_reap(pid_t pid);
