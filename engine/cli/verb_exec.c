/* verb_exec.c - sandtable exec: runs a command on a machine of a running exercise. */
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/cli_view.h"

#include <string.h>
#include <unistd.h>

extern const struct verb verb_exec;

#define GRACE_MS 10000 /* for the engine to say that the guest's limit has passed */

/* Output of a guest must not move the cursor or recolour the operator's terminal; a file or a pipe
 * gets every byte. */
static void put_output(const cJSON *result, const char *member, FILE *to)
{
    g_autofree char *other = g_strconcat(member, "_base64", NULL);
    const char *text = json_string(result, member, "");
    const char *exact = json_string(result, other, NULL);
    if (isatty(fileno(to))) {
        g_autofree char *clean = text_clean_tail(text, strlen(text), strlen(text));
        fputs(clean, to);
    } else if (exact) {
        gsize length = 0;
        g_autofree guchar *bytes = g_base64_decode(exact, &length);
        (void)fwrite(bytes, 1, length, to);
    } else {
        fputs(text, to);
    }
}

static cJSON *ask(
        const char *name, const char *machine, char **command, int timeout_s, GError **error)
{
    struct control_client *client = cli_connect(name, error);
    if (!client) {
        return NULL;
    }
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "machine", machine);
    cJSON_AddItemToObject(params, "argv", json_from_strv((const char *const *)command));
    cJSON_AddNumberToObject(params, "timeout_ms", timeout_s * 1000.0);
    cJSON *result = control_client_call(client, "exec", params, timeout_s * 1000 + GRACE_MS, error);
    control_client_close(client);
    return result;
}

static void say_cut(const cJSON *result, const char *member, const char *output)
{
    gint64 kept = json_int(result, member, 0);
    if (kept > 0) {
        fprintf(stderr, "sandtable: %s was cut after %" G_GINT64_FORMAT " bytes\n", output, kept);
    }
}

/* Exit code of the program for a guest's status: as a shell, 128 and the signal for negatives. */
static int exit_code(gint64 status)
{
    return status < 0 ? (int)(128 - MAX(status, -127)) : (int)(status & 255);
}

static int show(cJSON *result, bool json)
{
    if (json) {
        cli_print_json(result);
        return 0;
    }
    put_output(result, "out", stdout);
    (void)fflush(stdout); /* in order with stderr */
    put_output(result, "err", stderr);
    say_cut(result, "out_cut", "standard output");
    say_cut(result, "err_cut", "standard error");
    int code = exit_code(json_int(result, "status", 1));
    cJSON_Delete(result);
    return code;
}

static int run(int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    int timeout_s = 30;
    const GOptionEntry entries[] = {
            {"timeout", 't', 0, G_OPTION_ARG_INT, &timeout_s, "limit in seconds (30)", "S"},
            {"json", 0, 0, G_OPTION_ARG_NONE, &json, "one JSON document: status, out, err", NULL},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    /* what stands behind -- is the guest's: no option, no file of ours */
    int split = 1;
    while (split < argc && strcmp(argv[split], "--") != 0) {
        split++;
    }
    g_auto(GStrv) command = g_new0(char *, (gsize)(argc - split) + 1);
    for (int i = split + 1; i < argc; i++) {
        command[i - split - 1] = g_strdup(argv[i]);
    }
    argc = split;
    if (!cli_parse(&verb_exec, entries, &argc, &argv, 2, 2, error)) {
        return 2;
    }
    if (!command[0] || timeout_s < 1 || timeout_s > 3600) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "%s; usage: sandtable %s",
                command[0] ? "--timeout is 1 to 3600" : "no command after --", verb_exec.usage);
        return 2;
    }
    cJSON *result = ask(argv[1], argv[2], command, timeout_s, error);
    return result ? show(result, json) : 1;
}

const struct verb verb_exec = {
        .name = "exec",
        .usage = "exec NAME MACHINE [--timeout S] [--json] -- COMMAND [ARGUMENT]...",
        .summary = "run a command on a machine",
        .order = 33,
        .run = run,
};
