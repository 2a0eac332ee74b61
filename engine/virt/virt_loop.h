/* virt_loop.h - libvirt's event loop, on a thread and a main context of its own. */
#pragma once

/* Registers the event loop with libvirt and starts its thread, once a process; before the first
 * connection. libvirt's own implementation runs in GLib's default context, where it would share
 * sources with the main thread. */
void virt_loop_start(void);
