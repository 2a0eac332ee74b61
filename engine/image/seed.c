/* seed.c - meta-data, network-config and user-data of a machine, and the ISO that carries them. */
#include "image/seed.h"

#include "base/error.h"
#include "base/json.h"
#include "base/paths.h"
#include "image/tool.h"

#include <glib/gstdio.h>
#include <string.h>

char *seed_meta_data(const struct seed *seed)
{
    auto_json meta = cJSON_CreateObject();
    cJSON_AddStringToObject(meta, "instance-id", seed->instance);
    cJSON_AddStringToObject(meta, "local-hostname", seed->hostname);
    return json_text(meta);
}

static cJSON *card_json(const struct seed_card *card)
{
    cJSON *out = cJSON_CreateObject();
    g_autofree char *mac = g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", card->mac[0],
            card->mac[1], card->mac[2], card->mac[3], card->mac[4], card->mac[5]);
    cJSON *match = cJSON_AddObjectToObject(out, "match");
    cJSON_AddStringToObject(match, "macaddress", mac);
    cJSON_AddBoolToObject(out, "dhcp4", false);
    cJSON_AddBoolToObject(out, "dhcp6", false);
    cJSON_AddItemToArray(
            cJSON_AddArrayToObject(out, "addresses"), cJSON_CreateString(card->address));
    if (card->gateway) {
        cJSON *route = cJSON_CreateObject();
        cJSON_AddStringToObject(route, "to", "0.0.0.0/0");
        cJSON_AddStringToObject(route, "via", card->gateway);
        cJSON_AddItemToArray(cJSON_AddArrayToObject(out, "routes"), route);
    }
    return out;
}

char *seed_network_config(const struct seed *seed)
{
    auto_json config = cJSON_CreateObject();
    json_add_int(config, "version", 2);
    cJSON *ethernets = cJSON_AddObjectToObject(config, "ethernets");
    for (gsize i = 0; i < seed->n_cards; i++) {
        g_autofree char *name = g_strdup_printf("card%zu", i);
        cJSON_AddItemToObject(ethernets, name, card_json(&seed->cards[i]));
    }
    return json_text(config);
}

static void add_file(cJSON *files, const char *path, const char *content, gsize length, int mode)
{
    cJSON *out = cJSON_CreateObject();
    g_autofree char *base64 = g_base64_encode((const guchar *)content, length);
    g_autofree char *bits = g_strdup_printf("0%o", (unsigned)mode);
    cJSON_AddStringToObject(out, "path", path);
    cJSON_AddStringToObject(out, "encoding", "b64");
    cJSON_AddStringToObject(out, "permissions", bits);
    cJSON_AddStringToObject(out, "content", base64);
    cJSON_AddItemToArray(files, out);
}

static cJSON *user_json(const char *name, const char *const *keys)
{
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "name", name);
    cJSON_AddStringToObject(out, "shell", "/bin/bash");
    cJSON_AddBoolToObject(out, "lock_passwd", true);
    cJSON_AddStringToObject(out, "sudo", "ALL=(ALL) NOPASSWD:ALL");
    if (keys && *keys) {
        cJSON_AddItemToObject(out, "ssh_authorized_keys", json_from_strv(keys));
    }
    return out;
}

static void add_users(cJSON *config, const struct seed *seed)
{
    cJSON *users = cJSON_AddArrayToObject(config, "users");
    for (const char *const *user = seed->users; user && *user; user++) {
        cJSON_AddItemToArray(users, user_json(*user, seed->ssh_keys));
    }
}

static const char forward_conf[] = "net.ipv4.ip_forward=1\n";

char *seed_user_data(const struct seed *seed)
{
    auto_json config = cJSON_CreateObject();
    cJSON_AddStringToObject(config, "hostname", seed->hostname);
    cJSON_AddBoolToObject(config, "manage_etc_hosts", false);
    cJSON_AddBoolToObject(config, "ssh_deletekeys", true); /* no two machines share a key */
    add_users(config, seed);
    cJSON *files = cJSON_AddArrayToObject(config, "write_files");
    cJSON *commands = cJSON_AddArrayToObject(config, "runcmd");
    for (gsize i = 0; i < seed->n_files; i++) {
        const struct seed_file *file = &seed->files[i];
        add_file(files, file->path, file->content, file->length, file->mode);
    }
    if (seed->forward) {
        add_file(
                files, "/etc/sysctl.d/90-sandtable.conf", forward_conf, strlen(forward_conf), 0644);
        const char *const argv[] = {"sysctl", "-p", "/etc/sysctl.d/90-sandtable.conf", NULL};
        cJSON_AddItemToArray(commands, json_from_strv(argv));
    }
    for (gsize i = 0; i < seed->n_commands; i++) {
        cJSON_AddItemToArray(commands, json_from_strv((const char *const *)seed->commands[i]));
    }
    g_autofree char *text = json_text(config);
    return g_strconcat("#cloud-config\n", text, "\n", NULL);
}

static bool put(const char *dir, const char *name, char *text, GError **error)
{
    g_autofree char *owned = text;
    g_autofree char *path = g_build_filename(dir, name, NULL);
    return g_file_set_contents_full(path, owned, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error);
}

bool seed_write(const char *path, const struct seed *seed, GError **error)
{
    g_autofree char *tool = tool_find("xorriso", "xorriso", error);
    g_autofree char *dir = g_strconcat(path, ".d", NULL);
    if (!tool || !paths_remove_tree(dir, error) || !paths_make(dir, error)) {
        return false;
    }
    (void)g_unlink(path);
    const char *argv[] = {tool, "-as", "mkisofs", "-quiet", "-output", path, "-volid", "cidata",
            "-joliet", "-rock", dir, NULL};
    bool ok = put(dir, "meta-data", seed_meta_data(seed), error) &&
              put(dir, "network-config", seed_network_config(seed), error) &&
              put(dir, "user-data", seed_user_data(seed), error);
    g_autofree char *output = ok ? tool_run(argv, NULL, error) : NULL;
    bool gone = paths_remove_tree(dir, output ? error : NULL);
    return output && gone && tool_set_mode(path, 0600, error);
}
