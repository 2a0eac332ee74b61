/* world_real_daemon.h - the real world on a libvirt daemon: its networks, and our feet in them.
 *
 * The daemon's networks have no address of the host, and an ordinary user may not touch their
 * bridges. So one small machine of ours, the foot, stands in all of them and passes frames through
 * a virtio port; here they come out of taps in the teams' spaces, from which checks look as ever.
 */
#pragma once

#include "world/world_real.h"

/* ---- world_real_net_daemon.c --------------------------------------------------------------- */

/* When the connection is made. */
bool real_net_daemon_new(struct real_world *world, GError **error);
void real_net_daemon_free(struct real_world *world);
/* Networks, then the foot; done when it stands in all of them. */
void real_net_daemon_up(struct real_world *world, world_done_fn done, gpointer data);
/* How many feet there are; stops them, each with an answer of its own. */
guint real_net_daemon_feet(const struct real_world *world);
void real_net_daemon_stop_feet(struct real_world *world, world_done_fn done, gpointer data);
/* The networks, when nothing stands in them any more. */
void real_net_daemon_down(struct real_world *world, world_done_fn done, gpointer data);
/* The daemon's name of a plan's network; owned by the world. */
const char *real_net_daemon_name(const struct real_world *world, int network);
/* The daemon's networks and domains in place of the plan's. */
void real_net_daemon_resources(const struct real_world *world, GPtrArray *resources);
/* True when the state was that of a foot. */
bool real_net_daemon_state(struct real_world *world, const char *domain, enum machine_state state);
/* Why checks cannot look now, or NULL. */
const char *real_net_daemon_fault(const struct real_world *world);
/* How often a foot fell so far: a check that began before knows nothing. */
guint real_net_daemon_losses(const struct real_world *world);

/* ---- world_real_foot.c --------------------------------------------------------------------- */

#define FOOT_CARDS 16 /* networks a foot stands in: as many as a machine's bus takes with ease */

struct foot_wire;

/* One tap in each space with the network's checker address; network indices from first, n of them.
 */
struct foot_wire *foot_wire_new(
        const struct real_world *world, guint first, guint n, GError **error);
/* Frames between the taps and the socket (virt_channel), in a thread of its own. In the default
 * context on_ready is called when the foot says that it stands, on_lost when the socket ends.
 * Consumes the socket; a second call replaces the first connection. */
void foot_wire_connect(struct foot_wire *wire, int socket, GSourceFunc on_ready,
        GSourceFunc on_lost, gpointer data);
/* The taps stay; accepts NULL. Waits for the thread. */
void foot_wire_disconnect(struct foot_wire *wire);
void foot_wire_free(struct foot_wire *wire); /* accepts NULL; waits for the thread */

/* Writes an initramfs that begins with the kernel's own and adds the foot's program. */
bool foot_write_initrd(
        const char *kernel_initrd, const char *program, const char *file, GError **error);
