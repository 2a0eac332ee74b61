/* virt_qmp.h - QEMU's own protocol, for what libvirt has no call for; for the files of virt/.
 *
 * Commands and replies: https://www.qemu.org/docs/master/interop/qemu-qmp-ref.html
 */
#pragma once

#include "virt/virt_private.h"

#include <cjson/cJSON.h>

/* In a thread: sends {"execute": command, "arguments": arguments}; arguments is consumed and may be
 * NULL. The reply's "return", the caller's; NULL and an error that names the machine, the command
 * and QEMU's reason. */
cJSON *virt_qmp(virDomainPtr domain, const char *command, cJSON *arguments, GError **error);

/* The same when nothing of the reply matters. */
bool virt_qmp_do(virDomainPtr domain, const char *command, cJSON *arguments, GError **error);

/* In a thread: asks query-migrate until the migration has one of the NULL-terminated states
 * ("completed", "pre-switchover") or limit_ms has passed. False when it failed or was too late; the
 * error has QEMU's own words. */
bool virt_qmp_await_migration(
        virDomainPtr domain, const char *const *states, int limit_ms, GError **error);

/* In a thread: opens path with flags (mode 0600) and hands it to QEMU for the next migration. */
bool virt_qmp_pass_file(virDomainPtr domain, const char *path, int flags, GError **error);
/* In a thread: command ("migrate", "migrate-incoming") with that file at the other end. */
bool virt_qmp_migrate_file(virDomainPtr domain, const char *command, GError **error);
