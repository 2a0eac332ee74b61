/* verb_screenshot.c - sandtable screenshot: what a machine's screen shows, as PNG. */
#include "base/error.h"
#include "base/json.h"
#include "cli/cli_output.h"
#include "cli/cli_view.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

extern const struct verb verb_screenshot;

#define PICTURE_MS 60000

static bool write_all(int fd, const guchar *bytes, gsize length)
{
    while (length > 0) {
        ssize_t n = write(fd, bytes, length);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        bytes += MAX(n, 0);
        length -= (gsize)MAX(n, 0);
    }
    return true;
}

static bool put(struct cli_output *output, const char *base64, GError **error)
{
    gsize length = 0;
    g_autofree guchar *bytes = g_base64_decode(base64, &length);
    int fd = cli_output_begin(output, error);
    if (fd < 0) {
        return false;
    }
    bool ok = write_all(fd, bytes, length);
    int code = errno;
    if ((close(fd) != 0) | !ok) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "cannot write %s: %s",
                output->path, g_strerror(ok ? errno : code));
        return false;
    }
    return true;
}

static bool take(const char *name, const char *machine, struct cli_output *output, GError **error)
{
    struct control_client *client = cli_connect(name, error);
    if (!client) {
        return false;
    }
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "machine", machine);
    auto_json picture = control_client_call(client, "screenshot", params, PICTURE_MS, error);
    control_client_close(client);
    return picture && put(output, json_string(picture, "base64", ""), error);
}

static int run(int argc, char **argv, GError **error)
{
    g_autofree char *path = NULL;
    const GOptionEntry entries[] = {
            {"output", 'o', 0, G_OPTION_ARG_FILENAME, &path,
                    "the file to write, - for standard output", "FILE"},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    if (!cli_parse(&verb_screenshot, entries, &argc, &argv, 2, 2, error)) {
        return 2;
    }
    if (!path) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "where to? usage: sandtable %s",
                verb_screenshot.usage);
        return 2;
    }
    struct cli_output output = {.fd = -1};
    bool ok = cli_output_open(path, &output, error) && cli_target_account(2, argv, error) &&
              take(argv[1], argv[2], &output, error);
    cli_output_end(&output, ok);
    return ok ? 0 : 1;
}

const struct verb verb_screenshot = {
        .name = "screenshot",
        .usage = "screenshot NAME MACHINE -o FILE.png",
        .summary = "a picture of a machine's screen",
        .order = 35,
        .keeps_root = true,
        .run = run,
};
