/* verb_console.c - sandtable console: a machine's serial port, its log, or where its screen is. */
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/cli_output.h"
#include "cli/cli_terminal.h"
#include "cli/cli_view.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

extern const struct verb verb_console;

#define TAIL_BYTES 16384
#define FOLLOW_US 200000

struct arguments {
    gboolean vnc, log, follow;
    char *record;
    struct cli_output output;
};

static cJSON *ask(struct control_client *client, const char *method, const char *machine, bool vnc,
        GError **error)
{
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "machine", machine);
    if (vnc) {
        cJSON_AddTrueToObject(params, "vnc");
    }
    return control_client_call(client, method, params, CLI_CALL_MS, error);
}

/* ---- the log ------------------------------------------------------------------------------- */

/* Takes out what terminals obey: ESC [ … letter, ESC ] … BEL, ESC and one more. */
static gsize without_escapes(char *text, gsize length)
{
    gsize kept = 0;
    for (gsize i = 0; i < length; i++) {
        if (text[i] != '\33') {
            text[kept++] = text[i];
            continue;
        }
        char kind = '\0';
        if (i + 1 < length) {
            kind = text[++i];
        }
        while (kind == '[' && i + 1 < length && !(text[i + 1] >= '@' && text[i + 1] <= '~')) {
            i++;
        }
        while (kind == ']' && i + 1 < length && text[i + 1] != '\a') {
            i++;
        }
        i += kind == '[' || kind == ']';
    }
    return kept;
}

/* What a guest says is cleaned: it must not move the cursor of who only reads. */
static bool print_from(int fd, off_t *at, off_t end)
{
    char chunk[TAIL_BYTES];
    while (*at < end) {
        ssize_t n = pread(fd, chunk, (gsize)MIN(end - *at, (off_t)sizeof(chunk)), *at);
        if (n <= 0) {
            break;
        }
        *at += n;
        gsize length = without_escapes(chunk, (gsize)n);
        g_autofree char *clean = text_clean_tail(chunk, length, length);
        fputs(clean, stdout);
    }
    return fflush(stdout) == 0;
}

static off_t size_of(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 ? st.st_size : 0;
}

/* Until the engine hangs up. */
static bool engine_lives(const struct control_client *client)
{
    char byte;
    return recv(control_client_fd(client), &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0;
}

static bool show_log(
        struct control_client *client, const char *machine, bool follow, GError **error)
{
    auto_json log = ask(client, "console-log", machine, false, error);
    const char *path = log ? json_string(log, "path", "") : NULL;
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    if (fd < 0) {
        if (path) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_MACHINE,
                    "machine %s has said nothing yet", machine);
        }
        return false;
    }
    off_t at = MAX(size_of(fd) - TAIL_BYTES, 0);
    bool ok = print_from(fd, &at, size_of(fd));
    while (ok && follow && engine_lives(client)) {
        g_usleep(FOLLOW_US);
        ok = print_from(fd, &at, size_of(fd));
    }
    if (!ok) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "cannot write: %s",
                g_strerror(errno));
    }
    close(fd);
    return ok;
}

/* ---- the port ------------------------------------------------------------------------------ */

static int connect_to(const char *path, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || strlen(path) >= sizeof(address.sun_path) ||
            connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_MACHINE, "cannot reach %s: %s", path,
                g_strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

/* Whoever is at the console is told before it begins. */
static struct cli_record *begin_record(
        struct arguments *arguments, const char *machine, GError **error)
{
    int fd = cli_output_begin(&arguments->output, error);
    if (fd < 0) {
        return NULL;
    }
    g_autofree char *notice = g_strdup_printf("This console of %s is recorded, with its times.\r\n"
                                              "本控制台（%s）正在被录制，并带有时间。\r\n",
            machine, machine);
    struct cli_record *record = cli_record_new(fd, machine);
    cli_record_add(record, notice, strlen(notice));
    fputs(notice, stdout);
    fflush(stdout);
    return record;
}

/* The digest goes on the record while the console is still open. */
static bool end_record(struct control_client *client, struct cli_record *record,
        const cJSON *console, GError **error)
{
    g_autofree char *sha256 = NULL;
    gint64 bytes = 0;
    bool ok = cli_record_end(record, &sha256, &bytes);
    cJSON *params = cJSON_CreateObject();
    json_add_int(params, "console", json_int(console, "console", 0));
    cJSON_AddStringToObject(params, "sha256", sha256);
    json_add_int(params, "bytes", bytes);
    auto_json answer = control_client_call(client, "console-recorded", params, CLI_CALL_MS, error);
    if (answer && !ok) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "the recording could not be written whole");
    }
    return answer && ok;
}

static bool join(struct control_client *client, const char *machine, struct arguments *arguments,
        GError **error)
{
    static const char *const why[] = {
            [CLI_JOIN_ESCAPED] = "left",
            [CLI_JOIN_CLOSED] = "the machine is gone",
            [CLI_JOIN_INPUT] = "no more input",
            [CLI_JOIN_SIGNAL] = "interrupted",
    };
    auto_json console = ask(client, "console", machine, false, error);
    struct cli_record *record = NULL;
    int fd = console ? connect_to(json_string(console, "path", ""), error) : -1;
    if (fd < 0) {
        return false;
    }
    if (isatty(STDIN_FILENO)) {
        cli_say("the console of %s: Enter wakes it, Ctrl-] leaves it", machine);
    }
    if (arguments->record && !(record = begin_record(arguments, machine, error))) {
        close(fd);
        return false;
    }
    enum cli_join_end end = CLI_JOIN_CLOSED;
    bool ok = cli_join(fd, control_client_fd(client), record, &end, error);
    close(fd);
    if (record) {
        ok = end_record(client, record, console, ok ? error : NULL) && ok;
    }
    if (ok && isatty(STDIN_FILENO)) {
        fputc('\n', stderr);
        cli_say("%s: %s", machine, why[end]);
    }
    return ok;
}

/* The path on standard output, how to use it on standard error. */
static bool show_vnc(struct control_client *client, const char *machine, GError **error)
{
    auto_json console = ask(client, "console", machine, true, error);
    if (!console) {
        return false;
    }
    puts(json_string(console, "path", ""));
    cli_say("that is the VNC socket of %s: a viewer that speaks to unix sockets takes it "
            "(vncviewer PATH, remote-viewer vnc+unix://PATH); or give it a port of this host: "
            "socat TCP-LISTEN:5900,bind=127.0.0.1 UNIX-CONNECT:PATH",
            machine);
    return fflush(stdout) == 0;
}

/* ---- the verb ------------------------------------------------------------------------------ */

static int run(int argc, char **argv, GError **error)
{
    struct arguments arguments = {0};
    const GOptionEntry entries[] = {
            {"vnc", 0, 0, G_OPTION_ARG_NONE, &arguments.vnc, "print the socket of its screen",
                    NULL},
            {"log", 0, 0, G_OPTION_ARG_NONE, &arguments.log, "print what the serial port said last",
                    NULL},
            {"follow", 'f', 0, G_OPTION_ARG_NONE, &arguments.follow, "with --log: go on", NULL},
            {"record", 0, 0, G_OPTION_ARG_FILENAME, &arguments.record,
                    "keep what it says, with times (asciicast)", "FILE"},
            {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    arguments.output.fd = -1;
    if (!cli_parse(&verb_console, entries, &argc, &argv, 2, 2, error)) {
        return 2;
    }
    if ((arguments.vnc && arguments.log) || (arguments.follow && !arguments.log) ||
            (arguments.record && (arguments.vnc || arguments.log))) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "usage: sandtable %s",
                verb_console.usage);
        return 2;
    }
    if ((arguments.record && !cli_output_open(arguments.record, &arguments.output, error)) ||
            !cli_target_account(2, argv, error)) {
        return 1;
    }
    struct control_client *client = cli_connect(argv[1], error);
    bool ok = client != NULL;
    if (ok && arguments.log) {
        ok = show_log(client, argv[2], arguments.follow, error);
    } else if (ok && arguments.vnc) {
        ok = show_vnc(client, argv[2], error);
    } else if (ok) {
        ok = join(client, argv[2], &arguments, error);
    }
    control_client_close(client);
    cli_output_end(&arguments.output, ok);
    g_free(arguments.record);
    return ok ? 0 : 1;
}

const struct verb verb_console = {
        .name = "console",
        .usage = "console NAME MACHINE [--record FILE | --log [--follow] | --vnc]",
        .summary = "a machine's serial console, or where its screen is",
        .order = 34,
        .keeps_root = true,
        .run = run,
};
