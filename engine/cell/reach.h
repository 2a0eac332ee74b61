/* reach.h - lets an account read folders that lie behind one it may not enter (a clone in /root).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

/* As root, before the ids change: moves the process into a private mount namespace. There each of
 * paths that the account cannot reach is shown at its own place, read-only, with the closed folder
 * above it covered by an empty one; entries become absolute. A /dev/net/tun that the account could
 * not open is covered by one that it can. */
bool reach_prepare(const char *user, uid_t uid, gid_t gid, char **paths, GError **error);

/* As the account: an error that names the first of paths it still cannot read, and the remedy. */
bool reach_verify(char *const *paths, const char *user, GError **error);
