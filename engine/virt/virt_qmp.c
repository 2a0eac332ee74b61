/* virt_qmp.c - QEMU's own protocol through libvirt's connection to it. */
#include "virt/virt_qmp.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POLL_US 2000 /* query-migrate has no event that libvirt would hand on */
#define REASON_MAX 300
#define FD_NAME "sandtable-state"

static bool refuse(GError **error, virDomainPtr domain, const char *command, const char *why)
{
    g_autofree char *clean = text_clean_tail(why, strlen(why), REASON_MAX);
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_MACHINE, "machine %s: QEMU's %s: %s",
            virDomainGetName(domain), command, clean);
    return false;
}

/* libvirt hands QEMU's {"error": …} on as a reply like any other. */
static cJSON *take_return(
        virDomainPtr domain, const char *command, const char *text, GError **error)
{
    cJSON *reply = cJSON_Parse(text);
    cJSON *result = reply ? cJSON_DetachItemFromObjectCaseSensitive(reply, "return") : NULL;
    if (!result) {
        const cJSON *failure = reply ? cJSON_GetObjectItemCaseSensitive(reply, "error") : NULL;
        refuse(error, domain, command, json_string(failure, "desc", "no reply that can be read"));
    }
    cJSON_Delete(reply);
    return result;
}

cJSON *virt_qmp(virDomainPtr domain, const char *command, cJSON *arguments, GError **error)
{
    cJSON *request = cJSON_CreateObject();
    cJSON_AddStringToObject(request, "execute", command);
    if (arguments) {
        cJSON_AddItemToObject(request, "arguments", arguments);
    }
    g_autofree char *text = json_text(request);
    cJSON_Delete(request);
    char *reply = NULL;
    if (virDomainQemuMonitorCommand(domain, text, &reply, 0) != 0) {
        const char *why = virGetLastErrorMessage();
        refuse(error, domain, command, why);
        return NULL;
    }
    cJSON *result = take_return(domain, command, reply ? reply : "", error);
    free(reply); // NOLINT: libvirt's allocation
    return result;
}

bool virt_qmp_do(virDomainPtr domain, const char *command, cJSON *arguments, GError **error)
{
    cJSON *result = virt_qmp(domain, command, arguments, error);
    cJSON_Delete(result);
    return result != NULL;
}

bool virt_qmp_await_migration(
        virDomainPtr domain, const char *const *states, int limit_ms, GError **error)
{
    gint64 limit = g_get_monotonic_time() + (gint64)limit_ms * 1000;
    for (;;) {
        cJSON *info = virt_qmp(domain, "query-migrate", NULL, error);
        if (!info) {
            return false;
        }
        g_autofree char *status = g_strdup(json_string(info, "status", "none"));
        g_autofree char *why = g_strdup(json_string(info, "error-desc", "no reason given"));
        cJSON_Delete(info);
        if (g_strv_contains(states, status)) {
            return true;
        }
        if (!strcmp(status, "failed") || !strcmp(status, "cancelled")) {
            return refuse(error, domain, "migrate", why);
        }
        if (g_get_monotonic_time() > limit) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_TIMEOUT,
                    "machine %s: its memory did not move in %d ms (it is %s)",
                    virDomainGetName(domain), limit_ms, status);
            return false;
        }
        g_usleep(POLL_US);
    }
}

/* ---- a migration into or out of a file ------------------------------------------------------- */

static bool set_file_error(GError **error, const char *what, const char *path)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot %s %s: %s", what, path,
            g_strerror(errno));
    return false;
}

bool virt_qmp_pass_file(virDomainPtr domain, const char *path, int flags, GError **error)
{
    int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return set_file_error(error, flags == O_RDONLY ? "read" : "make", path);
    }
    static const char command[] =
            "{\"execute\":\"getfd\",\"arguments\":{\"fdname\":\"" FD_NAME "\"}}";
    char *reply = NULL;
    bool ok = virDomainQemuMonitorCommandWithFiles(
                      domain, command, 1, &fd, NULL, NULL, &reply, 0) == 0;
    if (!ok || strstr(reply, "\"error\"")) {
        virt_error_take(error, virDomainGetName(domain), "hand QEMU a file");
        ok = false;
    }
    free(reply); // NOLINT: libvirt's allocation
    close(fd);
    return ok;
}

bool virt_qmp_migrate_file(virDomainPtr domain, const char *command, GError **error)
{
    cJSON *arguments = cJSON_CreateObject();
    cJSON_AddStringToObject(arguments, "uri", "fd:" FD_NAME);
    return virt_qmp_do(domain, command, arguments, error);
}
