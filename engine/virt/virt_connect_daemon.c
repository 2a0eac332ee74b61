/* virt_connect_daemon.c - a connection to a libvirt daemon of this host, shared with others.
 *
 * What is ours over there has the name's prefix and our metadata with the id of this run; nothing
 * else is ever touched. docs/decisions/0009-daemon-mode.md says why QEMU runs as our own user.
 */
#include "base/error.h"
#include "virt/virt_private.h"

#include <glib/gstdio.h>
#include <libvirt/virterror.h>
#include <string.h>
#include <unistd.h>

/* ---- addresses and names --------------------------------------------------------------------- */

bool virt_daemon_uri_check(const char *uri, GError **error)
{
    static const char *const known[] = {"qemu:///system", "qemu:///session", "qemu+unix:///system",
            "qemu+unix:///session", "test:///"};
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
        const char *rest = g_str_has_prefix(uri, known[i]) ? uri + strlen(known[i]) : NULL;
        if (rest && (*rest == '\0' || *rest == '?' || known[i][0] == 't')) {
            return true;
        }
    }
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
            "\"%s\" is no libvirt daemon of this host: use qemu:///system, qemu:///session or "
            "qemu+unix:///system?socket=PATH",
            uri);
    return false;
}

char *virt_daemon_id(void)
{
    g_autofree char *uuid = g_uuid_string_random();
    return g_strndup(uuid, 18); /* 16 hex digits and two dashes */
}

char *virt_full_name(const struct virt *virt, const char *name)
{
    return g_strconcat(virt->place ? virt->place->prefix : "", name, NULL);
}

const char *virt_short_name(const struct virt *virt, const char *name)
{
    if (!virt->place) {
        return name;
    }
    if (!g_str_has_prefix(name, virt->place->prefix)) {
        return NULL;
    }
    /* the exercise "a" does not own what belongs to "a-b": our short names have no dash */
    const char *rest = name + strlen(virt->place->prefix);
    return *rest && !strchr(rest, '-') ? rest : NULL;
}

char *virt_place_metadata(const struct virt_place *place)
{
    return g_markup_printf_escaped("  <metadata>\n"
                                   "    <sandtable:exercise xmlns:sandtable='" VIRT_METADATA "' "
                                   "name='%s' id='%s'/>\n"
                                   "  </metadata>\n",
            place->exercise, place->id);
}

/* libvirt gives the element back in its own spelling: our ids need no escaping. */
static bool metadata_names(const char *xml, const char *id)
{
    g_autofree char *single = g_strdup_printf("id='%s'", id);
    g_autofree char *twice = g_strdup_printf("id=\"%s\"", id);
    return xml && strstr(xml, VIRT_METADATA) && (strstr(xml, single) || strstr(xml, twice));
}

static bool domain_has_id(virDomainPtr domain, const char *id)
{
    char *xml = virDomainGetMetadata(
            domain, VIR_DOMAIN_METADATA_ELEMENT, VIRT_METADATA, VIR_DOMAIN_AFFECT_CURRENT);
    g_autofree char *whole = xml ? g_strconcat(xml, VIRT_METADATA, NULL) : NULL;
    bool ours = metadata_names(whole, id);
    free(xml); // NOLINT: libvirt's allocation
    return ours;
}

static bool network_has_id(virNetworkPtr network, const char *id)
{
    char *xml = virNetworkGetXMLDesc(network, 0);
    bool ours = metadata_names(xml, id);
    free(xml); // NOLINT: libvirt's allocation
    return ours;
}

bool virt_is_ours(const struct virt *virt, virDomainPtr domain)
{
    return !virt->place || (virt_short_name(virt, virDomainGetName(domain)) &&
                                   domain_has_id(domain, virt->place->id));
}

/* ---- opening --------------------------------------------------------------------------------- */

void virt_place_free(struct virt_place *place)
{
    if (place) {
        g_free((char *)place->prefix);
        g_free((char *)place->exercise);
        g_free((char *)place->id);
        g_free(place);
    }
}

static GError *cannot_connect(const char *uri)
{
    virErrorPtr last = virGetLastError();
    const char *why = last && last->message ? last->message : "libvirt gave no reason";
    const char *remedy = "see whether a libvirt daemon runs on this host";
    if (strstr(why, "Permission denied") || strstr(why, "authentication")) {
        remedy = "join its group (usermod -aG libvirt USER) and log in anew";
    } else if (strstr(why, "No such file")) {
        remedy = "apt-get install libvirt-daemon-system, systemctl start libvirtd";
    }
    return g_error_new(SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
            "cannot connect to %s: %s; remedy: %s", uri, why, remedy);
}

virConnectPtr virt_daemon_connect(const char *uri, GError **error)
{
    if (!virt_daemon_uri_check(uri, error)) {
        return NULL;
    }
    virConnectPtr connection = virConnectOpen(uri);
    if (!connection) {
        g_propagate_error(error, cannot_connect(uri));
    }
    return connection;
}

/* The security models of a daemon are in its capabilities: <secmodel><model>dac</model>… */
static bool has_model(const char *capabilities, const char *model)
{
    g_autofree char *element = g_strdup_printf("<model>%s</model>", model);
    const char *host = capabilities ? strstr(capabilities, "</host>") : NULL;
    return host && g_strstr_len(capabilities, host - capabilities, element);
}

static struct virt_place *place_new(const struct virt_daemon *daemon, virConnectPtr connection)
{
    struct virt_place *place = g_new0(struct virt_place, 1);
    char *capabilities = virConnectGetCapabilities(connection);
    place->prefix = g_strdup_printf("sandtable-%s-", daemon->exercise);
    place->exercise = g_strdup(daemon->exercise);
    place->id = g_strdup(daemon->id);
    place->test = g_str_has_prefix(daemon->uri, "test:");
    place->as_user = has_model(capabilities, "dac");
    place->uid = geteuid();
    place->gid = getegid();
    free(capabilities); // NOLINT: libvirt's allocation
    return place;
}

static bool make_folders(const char *root, GError **error)
{
    static const char *const folders[] = {"serial", "log", "vnc"};
    for (gsize i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *dir = g_build_filename(root, folders[i], NULL);
        if (g_mkdir_with_parents(dir, 0700) != 0) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot make %s", dir);
            return false;
        }
    }
    return true;
}

struct virt *virt_open_daemon(const struct virt_daemon *daemon, const char *root,
        GMainContext *context, virt_state_fn on_state, gpointer data, GError **error)
{
    if (!make_folders(root, error) || !virt_prepare(root, error)) {
        return NULL;
    }
    virConnectPtr connection = virt_daemon_connect(daemon->uri, error);
    if (!connection) {
        return NULL;
    }
    struct virt_place *place = place_new(daemon, connection);
    struct virt *virt = virt_new(root, context, on_state, data, place);
    virt->connection = connection;
    if (!place->test && place->uid == 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "machines never run as root: start as an ordinary user");
    } else if (virt_begin(virt, error)) {
        return virt;
    }
    virt_close(virt, false);
    return NULL;
}

/* ---- undoing --------------------------------------------------------------------------------- */

static int undo_domains(virConnectPtr connection, const char *id, GError **error)
{
    virDomainPtr *domains = NULL;
    int n = virConnectListAllDomains(connection, &domains, 0);
    int removed = 0;
    for (int i = 0; i < n; i++) {
        if (removed >= 0 && domain_has_id(domains[i], id)) {
            if (virDomainDestroy(domains[i]) == 0 || virDomainIsActive(domains[i]) != 1) {
                removed++;
            } else {
                virt_error_take(error, virDomainGetName(domains[i]), "stop it");
                removed = -1;
            }
        }
        virDomainFree(domains[i]);
    }
    free(domains); // NOLINT: libvirt's allocation
    return n < 0 ? 0 : removed;
}

static int undo_networks(virConnectPtr connection, const char *id, GError **error)
{
    virNetworkPtr *networks = NULL;
    int n = virConnectListAllNetworks(connection, &networks, 0);
    int removed = 0;
    for (int i = 0; i < n; i++) {
        if (removed >= 0 && network_has_id(networks[i], id)) {
            if (virNetworkDestroy(networks[i]) == 0 || virNetworkIsActive(networks[i]) != 1) {
                removed++;
            } else {
                g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NETWORK,
                        "network %s: cannot remove it: %s", virNetworkGetName(networks[i]),
                        virGetLastErrorMessage());
                removed = -1;
            }
        }
        virNetworkFree(networks[i]);
    }
    free(networks); // NOLINT: libvirt's allocation
    return n < 0 ? 0 : removed;
}

int virt_daemon_undo(const struct virt_daemon *daemon, GError **error)
{
    if (!daemon->id || !*daemon->id) {
        return 0;
    }
    virt_quiet();
    virConnectPtr connection = virt_daemon_connect(daemon->uri, error);
    if (!connection) {
        return -1;
    }
    int domains = undo_domains(connection, daemon->id, error);
    int networks = domains < 0 ? -1 : undo_networks(connection, daemon->id, error);
    virConnectClose(connection);
    return networks < 0 ? -1 : domains + networks;
}
