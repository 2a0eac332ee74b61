/* engine_resume.c - the name of an exercise, and taking it over from an engine that is gone. */
#include "cli/engine_resume.h"

#include "base/error.h"
#include "base/json.h"
#include "base/paths.h"
#include "base/text.h"
#include "cli/cli.h"
#include "ledger/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the name ------------------------------------------------------------------------------ */

static int set_taken(const char *name, GError **error)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
            "another process has the exercise \"%s\": it runs, or is being resumed or taken down; "
            "`sandtable list` shows it",
            name);
    return -1;
}

/* Whoever makes the run folder has the name: two engines that start at once do not meet. */
static bool make_root(const char *name, const char *root, bool resume, GError **error)
{
    g_autofree char *dir = paths_runtime_dir();
    if (!paths_make(dir, error)) {
        return false;
    }
    if (g_mkdir(root, 0700) == 0 || (resume && errno == EEXIST)) {
        return true;
    }
    if (errno != EEXIST) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot make %s: %s", root,
                g_strerror(errno));
        return false;
    }
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
            "an exercise \"%s\" is running, or was interrupted and left %s: go on with it by "
            "`sandtable run --resume %s`, end it by `sandtable down %s`, or choose another --name",
            name, root, name, name);
    return false;
}

int engine_claim(const char *name, bool resume, GError **error)
{
    g_autofree char *root = paths_run_root(name);
    if (!make_root(name, root, resume, error)) {
        return -1;
    }
    int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot open %s: %s", root,
                g_strerror(errno));
        return -1;
    }
    struct stat by_fd;
    struct stat by_name;
    bool is_ours = flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &by_fd) == 0 &&
                   by_fd.st_uid == geteuid() && stat(root, &by_name) == 0 &&
                   by_name.st_ino == by_fd.st_ino;
    if (!is_ours) {
        close(fd);
        return set_taken(name, error);
    }
    return fd;
}

/* ---- what there is to go on with ------------------------------------------------------------- */

/* Its machines and networks are not in a cell, but with a libvirt daemon. */
static bool is_on_daemon(const struct resume *resume)
{
    GHashTableIter iter;
    gpointer subject = NULL;
    g_hash_table_iter_init(&iter, resume->open);
    while (g_hash_table_iter_next(&iter, &subject, NULL)) {
        if (g_str_has_prefix(subject, "daemon:")) {
            return true;
        }
    }
    return false;
}

struct resume *engine_read_resume(const char *name, GError **error)
{
    g_autofree char *path = paths_ledger(name);
    pid_t holder = 0;
    if (ledger_is_locked(path, &holder)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "%s is running (process %d): there is nothing to resume", name, (int)holder);
        return NULL;
    }
    struct resume *resume = resume_read(path, error);
    g_autofree char *why = NULL;
    if (resume && resume->down) {
        why = g_strdup("is over: `sandtable score` and `events` tell of it, `sandtable run` starts "
                       "a new one");
    } else if (resume && !resume->created) {
        why = g_strdup_printf(
                "was interrupted before it began: `sandtable down %s`, then run it anew", name);
    }
    if (resume && !why && is_on_daemon(resume)) {
        why = g_strdup_printf("ran on a libvirt daemon, from where nothing is taken over; remedy: "
                              "`sandtable down %s` removes what it left there and keeps its "
                              "record, then `sandtable run SCENARIO --connect URI --name OTHER` "
                              "begins anew",
                name);
    }
    if (why) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "%s %s", name, why);
        resume_free(resume);
        return NULL;
    }
    return resume;
}

/* ---- taking over ---------------------------------------------------------------------------- */

static void tell(const struct engine_options *options, const enum world_begin *begin, bool kept)
{
    const struct resume *resume = options->resume;
    int adopted = 0;
    int fresh = 0;
    for (guint i = 0; i < options->plan->machines->len; i++) {
        adopted += begin[i] == WORLD_ADOPT;
        fresh += begin[i] == WORLD_FRESH;
    }
    g_autofree char *at = text_clock(resume->at_us);
    gint64 gap_s = MAX(0, g_get_real_time() - resume->wall_us) / G_USEC_PER_SEC;
    cli_say("%s: goes on at %s, after a gap of %" G_GINT64_FORMAT " s: %s, %d machine%s taken "
            "over, %d to start",
            options->plan->name, at, gap_s, kept ? "its cell lives" : "a new cell", adopted,
            adopted == 1 ? "" : "s", fresh);
}

bool engine_enter_again(const struct engine_options *options, const char *root,
        struct cell_identity *ret_cell, enum world_begin **ret_begin, GError **error)
{
    const struct cell_identity old = options->resume->cell;
    enum world_begin *begin = resume_begin(options->resume, options->plan);
    *ret_begin = begin;
    /* before: a process without the machines' namespaces could not look at them */
    if (world_real_sweep(options->plan, root, &old, begin, error) < 0) {
        return false;
    }
    bool any = false;
    for (guint i = 0; i < options->plan->machines->len; i++) {
        any |= begin[i] == WORLD_ADOPT;
    }
    int kept = any ? cell_reenter(&old, root, ret_cell, error) : 0;
    if (kept < 0) {
        return false;
    }
    for (guint i = 0; kept == 0 && i < options->plan->machines->len; i++) {
        begin[i] = begin[i] == WORLD_ADOPT ? WORLD_FRESH : begin[i]; /* they ended just now */
    }
    if (any && kept == 0 && world_real_sweep(options->plan, root, &old, begin, error) < 0) {
        return false;
    }
    tell(options, begin, kept > 0);
    return kept > 0 || cell_enter(options->accel == VIRT_ACCEL_TCG, ret_cell, error);
}
