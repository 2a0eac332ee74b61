/* virt_examine.c - what a libvirt daemon can do, for the doctor: asked and tried, nothing is kept.
 */
#include "base/error.h"
#include "virt/virt_private.h"

#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *describe_version(virConnectPtr connection)
{
    unsigned long lib = 0;
    unsigned long hypervisor = 0;
    (void)virConnectGetLibVersion(connection, &lib);
    (void)virConnectGetVersion(connection, &hypervisor);
    const char *type = virConnectGetType(connection);
    return g_strdup_printf("libvirt %lu.%lu.%lu, %s %lu.%lu.%lu", lib / 1000000, lib / 1000 % 1000,
            lib % 1000, type ? type : "?", hypervisor / 1000000, hypervisor / 1000 % 1000,
            hypervisor % 1000);
}

/* The text between two marks, or NULL. */
static char *between(const char *text, gssize length, const char *begin, const char *end)
{
    const char *from = g_strstr_len(text, length, begin);
    const char *to = from ? strstr(from + strlen(begin), end) : NULL;
    return to ? g_strndup(from + strlen(begin), (gsize)(to - from) - strlen(begin)) : NULL;
}

static void read_security(virConnectPtr connection, struct virt_daemon_facts *facts)
{
    char *xml = virConnectGetCapabilities(connection);
    const char *end = xml ? strstr(xml, "</host>") : NULL;
    GString *models = g_string_new(NULL);
    for (const char *at = xml; end && at && at < end;) {
        at = g_strstr_len(at, end - at, "<secmodel>");
        g_autofree char *model = at ? between(at, end - at, "<model>", "</model>") : NULL;
        if (model && strcmp(model, "none") != 0) {
            g_string_append_printf(models, "%s%s", models->len ? " " : "", model);
        }
        if (model && !strcmp(model, "dac")) {
            facts->user = between(at, end - at, "<baselabel type='qemu'>", "</baselabel>");
        }
        at = at ? at + 1 : NULL;
    }
    free(xml); // NOLINT: libvirt's allocation
    facts->secmodels = g_string_free(models, FALSE);
}

static char *try_network(virConnectPtr connection)
{
    g_autofree char *xml = g_strdup_printf("<network><name>sandtable-doctor-%d</name>"
                                           "<bridge stp='off' delay='0'/></network>",
            (int)getpid());
    virNetworkPtr network = virNetworkCreateXML(connection, xml);
    if (!network) {
        return g_strdup(virGetLastErrorMessage());
    }
    char *why = virNetworkDestroy(network) == 0 ? NULL : g_strdup(virGetLastErrorMessage());
    virNetworkFree(network);
    return why;
}

bool virt_daemon_examine(const char *uri, struct virt_daemon_facts *ret, GError **error)
{
    virt_quiet();
    virConnectPtr connection = virt_daemon_connect(uri, error);
    if (!connection) {
        return false;
    }
    *ret = (struct virt_daemon_facts){0};
    ret->version = describe_version(connection);
    read_security(connection, ret);
    ret->networks_why = try_network(connection);
    virConnectClose(connection);
    return true;
}

void virt_daemon_facts_clear(struct virt_daemon_facts *facts)
{
    g_free(facts->version);
    g_free(facts->secmodels);
    g_free(facts->user);
    g_free(facts->networks_why);
}
