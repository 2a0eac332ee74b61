/* verb_doctor.c - sandtable doctor: what this host can do, and the remedy for what it cannot. */
#include "cli/cli.h"

#include "base/paths.h"
#include "cli/doctor_checks.h"
#include "cli/impair_host.h"
#include "cli/routing_host.h"

#include <stdio.h>
#include <unistd.h>

extern const struct verb verb_doctor;

static const char *const state_names[] = {"ok", "warn", "FAIL"};

static const char *colour_of(enum doctor_state state)
{
    static const char *const colours[] = {"\033[32m", "\033[33m", "\033[31;1m"};
    return cli_colour(STDOUT_FILENO) ? colours[state] : "";
}

static void print_line(const struct doctor_check *check)
{
    const char *colour = colour_of(check->state);
    printf("%s%-5s%s%-16s  %s", colour, state_names[check->state], *colour ? "\033[0m" : "",
            check->name, check->text);
    if (check->remedy && check->state != DOCTOR_OK) {
        printf("; remedy: %s", check->remedy);
    }
    putchar('\n');
}

static cJSON *to_json(const GPtrArray *checks, bool ok)
{
    cJSON *out = cJSON_CreateObject();
    cJSON_AddBoolToObject(out, "ok", ok);
    cJSON *list = cJSON_AddArrayToObject(out, "checks");
    for (guint i = 0; i < checks->len; i++) {
        const struct doctor_check *check = checks->pdata[i];
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "name", check->name);
        cJSON_AddStringToObject(
                item, "state", check->state == DOCTOR_FAIL ? "fail" : state_names[check->state]);
        cJSON_AddStringToObject(item, "text", check->text);
        if (check->remedy) {
            cJSON_AddStringToObject(item, "remedy", check->remedy);
        } else {
            cJSON_AddNullToObject(item, "remedy");
        }
        cJSON_AddItemToArray(list, item);
    }
    return out;
}

/* The account that machines would run as; as root the engine becomes it first, and so do we. */
static struct doctor_check *check_account(const char *user)
{
    if (geteuid() != 0) {
        return doctor_check_new("account", DOCTOR_OK,
                g_strdup_printf("machines run as user %d", (int)geteuid()), NULL);
    }
    g_autoptr(GError) error = NULL;
    g_autofree char *name = NULL;
    g_autofree char *data = paths_data_dir();
    char *paths[] = {g_file_test(data, G_FILE_TEST_EXISTS) ? g_steal_pointer(&data) : NULL, NULL};
    bool ok = cell_account(user, &name, &error) && cell_drop_root(name, paths, &error);
    g_free(paths[0]);
    if (ok) {
        return doctor_check_new("account", DOCTOR_OK,
                g_strdup_printf("started as root: machines run as user %s", name), NULL);
    }
    struct doctor_check *check = doctor_check_from_error("account", error);
    check->remedy = check->remedy ? check->remedy : g_strdup("./dev setup");
    return check;
}

static GPtrArray *examine(const char *user, const char *connect)
{
    struct doctor_check *account = check_account(user);
    if (account->state == DOCTOR_FAIL) {
        GPtrArray *only = g_ptr_array_new_with_free_func((GDestroyNotify)doctor_check_free);
        g_ptr_array_add(only, account);
        return only;
    }
    GPtrArray *checks = doctor_host();
    g_ptr_array_insert(checks, 0, account);
    g_ptr_array_insert(checks, 3, doctor_networks());
    g_ptr_array_add(checks, doctor_routers());
    g_ptr_array_add(checks, doctor_vlans());
    g_ptr_array_add(checks, doctor_tunnels());
    g_ptr_array_add(checks, doctor_names());
    g_ptr_array_insert(checks, 4, doctor_impairments());
    g_ptr_array_add(checks, doctor_accelerator());
    if (connect) {
        doctor_daemon(checks, connect);
    }
    return checks;
}

static int run(int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    g_autofree char *user = NULL;
    g_autofree char *connect = NULL;
    const GOptionEntry entries[] = {
            {"json", 0, 0, G_OPTION_ARG_NONE, &json, "one JSON document", NULL},
            {"user", 0, 0, G_OPTION_ARG_STRING, &user, "as root: the account to run machines as",
                    "NAME"},
            {"connect", 0, 0, G_OPTION_ARG_STRING, &connect,
                    "look at this libvirt daemon, as qemu:///system", "URI"},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_doctor, entries, &argc, &argv, 0, 0, error)) {
        return 2;
    }
    g_autoptr(GPtrArray) checks = examine(user, connect);
    bool ok = true;
    for (guint i = 0; i < checks->len; i++) {
        const struct doctor_check *check = checks->pdata[i];
        ok = ok && check->state != DOCTOR_FAIL;
        if (!json) {
            print_line(check);
        }
    }
    if (json) {
        cli_print_json(to_json(checks, ok));
    }
    return ok ? 0 : 3;
}

const struct verb verb_doctor = {
        .name = "doctor",
        .usage = "doctor [--user NAME] [--connect URI] [--json]",
        .summary = "what this host can do, and the remedy for what it cannot",
        .order = 80,
        .keeps_root = true,
        .run = run,
};
