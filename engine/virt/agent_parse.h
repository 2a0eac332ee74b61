/* agent_parse.h - replies of the guest agent, which is to say: of the guest, hostile.
 *
 * Protocol: qga/qapi-schema.json of QEMU. Every function takes one reply's text and fails with
 * SANDTABLE_ERROR_PROTOCOL on anything but the reply it is for; outputs are left alone then.
 */
#pragma once

#include "virt/virt.h"

#define AGENT_REPLY_MAX                                                                            \
    ((gsize)24 * 1024 * 1024)          /* bytes: 16 MiB of output in base64, and its frame */
#define AGENT_CHUNK ((gsize)64 * 1024) /* bytes of a file in one message */

/* {"return": N}: a file handle; {"return": {"MEMBER": N}}: pid, count, position. N >= 0. */
bool agent_parse_number(const char *reply, const char *member, gint64 *ret, GError **error);

/* guest-exec-status. Fills *ret only when *ret_exited; free with agent_result_clear(). */
bool agent_parse_status(
        const char *reply, bool *ret_exited, struct virt_exec_result *ret, GError **error);
void agent_result_clear(struct virt_exec_result *result);

/* guest-file-read: appends at most max bytes to bytes. */
bool agent_parse_read(
        const char *reply, gsize max, GByteArray *bytes, bool *ret_eof, GError **error);
