/* undo.c - removes what an exercise left in the world, as its ledger tells. */
#include "base/error.h"
#include "base/json.h"
#include "base/paths.h"
#include "cell/cell.h"
#include "cli/cli.h"
#include "cli/engine.h"
#include "cli/signing.h"
#include "cli/undo_capture.h"
#include "ledger/ledger.h"
#include "virt/virt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define KILL_LIMIT_MS 5000

struct leftovers {
    GHashTable *open; /* subject → struct event: opened and not closed */
    struct cell_identity cell;
    gint64 at_us;
    bool down;       /* the last state in the ledger */
    bool has_signed; /* somebody signs it … */
    bool has_tail;   /* … but has not signed its last rows */
};

static void note_event(struct leftovers *left, struct event *event)
{
    bool is_sign = !strcmp(event->kind, "ledger.signed");
    left->at_us = event->at_us;
    left->has_signed |= is_sign;
    left->has_tail = left->has_signed && !is_sign;
    if (!strcmp(event->kind, "exercise.state")) {
        auto_json body = json_parse(event->body, strlen(event->body), NULL);
        left->down = !strcmp(json_string(body, "state", ""), "down");
    } else if (!strcmp(event->kind, "resource.opening")) {
        auto_json body = json_parse(event->body, strlen(event->body), NULL);
        if (!strcmp(json_string(body, "type", ""), "cell")) {
            left->cell = (struct cell_identity){
                    .pid = (pid_t)json_int(body, "pid", 0),
                    .user = (ino_t)json_int(body, "user", 0),
                    .net = (ino_t)json_int(body, "net", 0),
                    .mnt = (ino_t)json_int(body, "mnt", 0),
            };
        }
        g_hash_table_replace(left->open, g_strdup(event->subject), event_copy(event));
    } else if (!strcmp(event->kind, "resource.closed")) {
        g_hash_table_remove(left->open, event->subject);
    }
}

static bool read_ledger(const char *path, struct leftovers *left, GError **error)
{
    struct ledger_reader *reader = ledger_reader_open(path, error);
    if (!reader) {
        return false;
    }
    struct event *event = NULL;
    int more = ledger_reader_next(reader, &event, error);
    while (more == 1) {
        note_event(left, event);
        event_free(event);
        more = ledger_reader_next(reader, &event, error);
    }
    ledger_reader_close(reader);
    return more == 0;
}

static void append(struct ledger *ledger, const struct leftovers *left, const char *kind,
        const char *team, const char *subject, cJSON *body)
{
    struct event *event = event_new(kind, team, subject, body);
    event->at_us = left->at_us;
    event->wall_us = g_get_real_time();
    ledger_append(ledger, event, NULL, NULL);
}

static bool record_undone(
        const char *name, const char *path, const struct leftovers *left, GError **error)
{
    /* what the engine had no time to sign is signed with it */
    struct ledger *ledger = signing_open(path, name, error);
    if (!ledger) {
        return false;
    }
    GHashTableIter iter;
    gpointer value = NULL;
    g_hash_table_iter_init(&iter, left->open);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct event *opened = value;
        struct event *capture = undo_capture(opened);
        if (capture) {
            capture->at_us = left->at_us;
            capture->wall_us = g_get_real_time();
            ledger_append(ledger, capture, NULL, NULL);
        }
        append(ledger, left, "resource.closed", opened->team, opened->subject,
                cJSON_Parse(opened->body));
    }
    if (!left->down) {
        cJSON *body = cJSON_CreateObject();
        cJSON_AddStringToObject(body, "state", "down");
        cJSON_AddStringToObject(body, "by", "down");
        cJSON_AddStringToObject(body, "reason", "the engine was gone");
        append(ledger, left, "exercise.state", NULL, name, body);
    }
    bool ok = ledger_flush(ledger, error);
    ledger_close(ledger);
    return ok;
}

static void event_free_any(gpointer event)
{
    event_free(event);
}

static void leftovers_init(struct leftovers *left)
{
    *left = (struct leftovers){
            .open = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, event_free_any),
    };
}

static void leftovers_clear(struct leftovers *left)
{
    g_hash_table_unref(left->open);
}

/* ---- an engine that still lives ------------------------------------------------------------ */

/* True when pid lives in that cell. */
static bool is_inside(pid_t pid, const struct cell_identity *cell)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/ns/user", (int)pid);
    struct stat st;
    return stat(path, &st) == 0 && st.st_ino == cell->user;
}

/* The engine of the ledger at path: who holds its lock, is named in it, and lives in its cell. A
 * pidfd, or -1 when there is none; false when somebody else writes the ledger. */
static bool find_engine(
        const char *path, const struct cell_identity *cell, int *ret_pidfd, GError **error)
{
    pid_t pid = 0;
    *ret_pidfd = -1;
    if (!ledger_is_locked(path, &pid)) {
        return true;
    }
    int pidfd = pid > 0 && pid == cell->pid ? pidfd_open(pid, 0) : -1;
    pid_t still = 0;
    /* again, now that the number cannot come to mean another process */
    if (pidfd >= 0 && is_inside(pid, cell) && ledger_is_locked(path, &still) && still == pid) {
        *ret_pidfd = pidfd;
        return true;
    }
    if (pidfd >= 0) {
        close(pidfd);
    }
    if (!ledger_is_locked(path, NULL)) {
        return true; /* it has just ended */
    }
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
            "process %d is writing %s and is not known as its engine; try again", (int)pid, path);
    return false;
}

static bool has_ended(int pidfd, int limit_ms)
{
    gint64 end_us = g_get_monotonic_time() + (gint64)limit_ms * 1000;
    struct pollfd gone = {.fd = pidfd, .events = POLLIN};
    int n = 0;
    do {
        n = poll(&gone, 1, (int)MAX(0, (end_us - g_get_monotonic_time()) / 1000));
    } while (n < 0 && errno == EINTR);
    return n == 1;
}

/* How many were killed: 0 or 1; -1 when even that did not help. */
static int end_engine(const char *name, int pidfd, bool asked, int limit_ms, GError **error)
{
    if (!asked) {
        (void)pidfd_send_signal(pidfd, SIGTERM, NULL, 0);
    }
    if (has_ended(pidfd, limit_ms)) {
        return 0;
    }
    cli_say("%s: the engine does not end; it is killed", name);
    (void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
    if (!has_ended(pidfd, KILL_LIMIT_MS)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_TIMEOUT,
                "%s: the engine does not even end after SIGKILL", name);
        return -1;
    }
    return 1;
}

static int see_engine_off(
        const char *name, const char *path, bool asked, int limit_ms, GError **error)
{
    struct leftovers left;
    leftovers_init(&left);
    int pidfd = -1;
    int killed = 0;
    (void)read_ledger(path, &left, NULL); /* its cell stands near the beginning */
    if (!find_engine(path, &left.cell, &pidfd, error)) {
        killed = -1;
    } else if (pidfd >= 0) {
        killed = end_engine(name, pidfd, asked, limit_ms, error);
        close(pidfd);
    }
    leftovers_clear(&left);
    return killed;
}

/* ---- on a libvirt daemon ------------------------------------------------------------------- */

/* How many machines and networks were removed over there, -1 on error. */
static int undo_on_daemon(const char *name, const struct event *opened, GError **error)
{
    auto_json body = json_parse(opened->body, strlen(opened->body), NULL);
    const struct virt_daemon daemon = {
            json_string(body, "name", ""), name, json_string(body, "id", "")};
    return virt_daemon_uri_check(daemon.uri, error) ? virt_daemon_undo(&daemon, error) : -1;
}

static int undo_daemon(const char *name, const struct leftovers *left, GError **error)
{
    GHashTableIter iter;
    gpointer value = NULL;
    int removed = 0;
    g_hash_table_iter_init(&iter, left->open);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct event *opened = value;
        if (!g_str_has_prefix(opened->subject, "daemon:")) {
            continue;
        }
        int n = undo_on_daemon(name, opened, error);
        if (n < 0) {
            return -1;
        }
        removed += n;
    }
    return removed;
}

/* ---- all of it ----------------------------------------------------------------------------- */

bool engine_remove_files(const char *name, GError **error)
{
    g_autofree char *root = paths_run_root(name);
    g_autofree char *ledger = paths_ledger(name);
    g_autofree char *socket = paths_socket(name);
    g_autofree char *scenario = paths_scenario(name);
    g_autofree char *disks = paths_disks(name);
    g_autofree char *checkpoints = paths_checkpoints(ledger);
    unlink(socket);
    return paths_remove_tree(root, error) && paths_remove_tree(checkpoints, error) &&
           paths_remove_tree(scenario, error) && paths_remove_tree(disks, error);
}

/* How many processes were killed, -1 on error. */
static int remove_all(const char *name, const struct leftovers *left, GError **error)
{
    g_autofree char *root = paths_run_root(name);
    int killed = cell_kill(&left->cell, root, KILL_LIMIT_MS, error);
    int removed = killed < 0 ? -1 : undo_daemon(name, left, error);
    return removed < 0 || !engine_remove_files(name, error) ? -1 : killed + removed;
}

int engine_undo(const char *name, bool asked, int limit_ms, GError **error)
{
    g_autofree char *path = paths_ledger(name);
    bool has_ledger = g_file_test(path, G_FILE_TEST_EXISTS);
    int engines = has_ledger ? see_engine_off(name, path, asked, limit_ms, error) : 0;
    if (engines < 0) {
        return -1;
    }
    int claim = engine_claim(name, true, error); /* nobody resumes it meanwhile */
    if (claim < 0) {
        return -1;
    }
    struct leftovers left;
    leftovers_init(&left);
    g_autoptr(GError) damage = NULL;
    bool readable = has_ledger && read_ledger(path, &left, &damage);
    int killed = remove_all(name, &left, error);
    if (killed >= 0 && damage) {
        g_propagate_prefixed_error(error, g_steal_pointer(&damage),
                "all that %s left is removed, but its ledger cannot say so: ", name);
        killed = -1;
    } else if (killed >= 0 && readable &&
               (g_hash_table_size(left.open) > 0 || !left.down || left.has_tail) &&
               !record_undone(name, path, &left, error)) {
        killed = -1;
    }
    leftovers_clear(&left);
    close(claim);
    return killed < 0 ? -1 : killed + engines;
}
