/* recovery.h - an exercise in folders of its own, its engine killed and resumed; for tests. */
#pragma once

#include "system/system.h"

#include "ledger/ledger.h"

#include <errno.h>
#include <pwd.h>
#include <sys/stat.h>

#define RECOVERY TESTS_DIR "/system/recovery"

struct recovery {
    char *name, *dir, *log, *ledger, *root;
    GPid pid; /* of the engine */
};

/* A folder that belongs to whom the program becomes. */
static inline char *recovery_dir(const struct recovery *r, const char *name, const char *variable)
{
    char *dir = g_build_filename(r->dir, name, NULL);
    const struct passwd *account = geteuid() == 0 ? getpwnam("sandtable") : NULL;
    assert_int_equal(g_mkdir(dir, 0700), 0);
    if (account) {
        assert_int_equal(chown(dir, account->pw_uid, account->pw_gid), 0);
    }
    g_setenv(variable, dir, TRUE);
    return dir;
}

/* State and run folders of its own: other exercises on this host are none of the test's. */
static inline struct recovery recovery_begin(const char *name)
{
    struct recovery r = {.name = g_strdup(name)};
    r.dir = g_strdup_printf("/tmp/st-%s-%d", name, (int)getpid());
    assert_int_equal(g_mkdir(r.dir, 0755), 0);
    g_autofree char *state = recovery_dir(&r, "s", "XDG_STATE_HOME");
    g_autofree char *runtime = recovery_dir(&r, "r", "XDG_RUNTIME_DIR");
    r.log = g_build_filename(r.dir, "log", NULL);
    r.ledger = g_strdup_printf("%s/sandtable/%s.ledger", state, name);
    r.root = g_strdup_printf("%s/sandtable/%s.d", runtime, name);
    return r;
}

static inline void recovery_end(struct recovery *r)
{
    CALL("down", r->name);
    assert_int_equal(processes_with(r->root), 0);
    g_free(r->name);
    g_free(r->log);
    g_free(r->ledger);
    g_free(r->root);
    test_rmtree(r->dir);
}

/* seq of the last event, 0 while there is none. */
static inline gint64 recovery_seq(const struct recovery *r)
{
    if (!g_file_test(r->ledger, G_FILE_TEST_EXISTS)) {
        return 0;
    }
    struct ledger_reader *reader = ledger_reader_open(r->ledger, NULL);
    gint64 last = reader ? ledger_reader_last(reader, NULL) : 0;
    ledger_reader_close(reader);
    return MAX(last, 0);
}

/* Waits until the ledger has seq, or the engine has ended; false then. */
static inline bool recovery_wait_seq(const struct recovery *r, gint64 seq, int limit_s)
{
    gint64 limit = g_get_monotonic_time() + (gint64)limit_s * G_USEC_PER_SEC;
    while (recovery_seq(r) < seq) {
        if (waitpid(r->pid, NULL, WNOHANG) != 0) {
            return false;
        }
        if (g_get_monotonic_time() > limit) {
            g_autofree char *text = read_all(r->log);
            kill(r->pid, SIGKILL);
            waitpid(r->pid, NULL, 0);
            fail_msg("no event %d after %d s:\n%s", (int)seq, limit_s, text);
        }
        g_usleep(2000); /* between looks */
    }
    return true;
}

/* The last event of that kind about subject, from seq after on, whose body contains text. */
static inline gint64 recovery_find(const struct recovery *r, gint64 after, const char *kind,
        const char *subject, const char *text)
{
    struct ledger_reader *reader = ledger_reader_open(r->ledger, NULL);
    struct event *event = NULL;
    gint64 found = 0;
    if (reader && ledger_reader_seek(reader, after + 1, NULL)) {
        while (ledger_reader_next(reader, &event, NULL) == 1) {
            if (!strcmp(event->kind, kind) && (!subject || !strcmp(event->subject, subject)) &&
                    (!text || strstr(event->body, text))) {
                found = event->seq;
            }
            event_free(event);
        }
    }
    ledger_reader_close(reader);
    return found;
}

/* Waits for such an event; its seq. */
static inline gint64 recovery_wait(const struct recovery *r, gint64 after, const char *kind,
        const char *subject, const char *text)
{
    gint64 limit = g_get_monotonic_time() + 240 * (gint64)G_USEC_PER_SEC;
    gint64 found = 0;
    while (!(found = recovery_find(r, after, kind, subject, text))) {
        bool gone = waitpid(r->pid, NULL, WNOHANG) != 0;
        if (gone || g_get_monotonic_time() > limit) {
            g_autofree char *log = read_all(r->log);
            fail_msg("%sno %s %s %s:\n%s", gone ? "the engine has ended, " : "", kind,
                    subject ? subject : "", text ? text : "", log);
        }
        g_usleep(20000); /* between looks */
    }
    return found;
}

static inline void recovery_kill(const struct recovery *r)
{
    assert_int_equal(kill(r->pid, SIGKILL), 0);
    waitpid(r->pid, NULL, 0);
}

/* boot as --boot has it. */
static inline void recovery_run(struct recovery *r, const char *boot)
{
    r->pid = START(r->log, "run", RECOVERY, "--name", r->name, "--accel", "tcg", "--boot", boot);
}

static inline void recovery_resume(struct recovery *r)
{
    r->pid = START(r->log, "run", "--resume", r->name);
}

/* The process of a machine, as libvirt wrote it down. */
static inline pid_t recovery_machine(const struct recovery *r, const char *domain)
{
    g_autofree char *path = g_strdup_printf("%s/run/qemu/%s.pid", r->root, domain);
    g_autofree char *text = read_all(path);
    return (pid_t)g_ascii_strtoll(text, NULL, 10);
}

/* How many events of that kind there are about subject whose body contains text. */
static inline int recovery_count(
        const struct recovery *r, const char *kind, const char *subject, const char *text)
{
    int n = 0;
    struct ledger_reader *reader = ledger_reader_open(r->ledger, NULL);
    struct event *event = NULL;
    assert_non_null(reader);
    while (ledger_reader_next(reader, &event, NULL) == 1) {
        n += !strcmp(event->kind, kind) && (!subject || !strcmp(event->subject, subject)) &&
             (!text || strstr(event->body, text));
        event_free(event);
    }
    ledger_reader_close(reader);
    return n;
}

static inline void recovery_expect(const struct recovery *r, const char *kind, const char *subject,
        const char *text, int wanted)
{
    int n = recovery_count(r, kind, subject, text);
    if (n != wanted) {
        g_autofree char *log = read_all(r->log);
        fail_msg("%s %s %s: %d times, not %d\n%s", kind, subject ? subject : "", text ? text : "",
                n, wanted, log);
    }
}

/* `score --json`, of a running engine or of the ledger; NULL while there is nothing to count. */
static inline cJSON *recovery_score(const struct recovery *r)
{
    auto_outcome outcome = CALL("score", r->name, "--json");
    return outcome.status == 0 ? cJSON_Parse(outcome.out) : NULL;
}

/* The points that events from seq first to last gave that team. */
static inline double recovery_points(const cJSON *score, const char *id, gint64 first, gint64 last)
{
    double sum = 0;
    const cJSON *team = NULL;
    const cJSON *term = NULL;
    cJSON_ArrayForEach(team, json_array(score, "teams"))
    {
        cJSON_ArrayForEach(term, json_array(team, "explain"))
        {
            gint64 seq = json_int(term, "seq", 0);
            sum += !strcmp(json_string(team, "team", ""), id) && seq >= first && seq <= last
                           ? json_number(term, "points", 0)
                           : 0;
        }
    }
    return sum;
}

/* After the end: what was earned until the kill at event last is what before says, neither more nor
 * less, and nothing until the next engine went on. before may be NULL. */
static inline void recovery_same_score(const struct recovery *r, const cJSON *before, gint64 last)
{
    auto_json after = recovery_score(r);
    auto_json events = events_of(r->name);
    const cJSON *event = NULL;
    const cJSON *team = NULL;
    gint64 resumed = 0;
    cJSON_ArrayForEach(event, events)
    {
        gint64 seq = json_int(event, "seq", 0);
        if (!resumed && seq > last && !strcmp(json_string(event, "kind", ""), "exercise.resumed")) {
            resumed = seq;
        }
    }
    cJSON_ArrayForEach(team, json_array(before, "teams"))
    {
        const char *id = json_string(team, "team", "");
        double had = json_number(team, "total", 0);
        double has = recovery_points(after, id, 0, last);
        double gap = recovery_points(after, id, last + 1, resumed);
        if (ABS(had - has) > 1e-6 || ABS(gap) > 1e-6) {
            fail_msg("%s had %g points at event %d, has %g of these now, and %g of the gap", id,
                    had, (int)last, has, gap);
        }
    }
}

/* What must be true of an exercise that came to its end, however often its engine was killed. */
static inline void recovery_judge(const struct recovery *r)
{
    recovery_expect(r, "inject.state", "note-1", "\"fired\"", 1);
    recovery_expect(r, "inject.state", "note-2", "\"fired\"", 1);
    recovery_expect(r, "inject.state", "visit@blue1", "\"fired\"", 1);
    recovery_expect(r, "inject.state", "visit@blue1", "\"done\"", 1);
    recovery_expect(r, "note", NULL, "it begins", 1);
    recovery_expect(r, "note", NULL, "nearly over", 1);
    recovery_expect(r, "step.verdict", "visit", NULL, 1);
    for (int round = 1; round <= 7; round++) {
        g_autofree char *text = g_strdup_printf("\"round\":%d,", round);
        int n = recovery_count(r, "check.ok", "site", text) +
                recovery_count(r, "check.down", "site", text) +
                recovery_count(r, "check.fault", "site", text);
        if (n != 1) {
            fail_msg("round %d was recorded %d times", round, n);
        }
    }
    auto_outcome verify = CALL("verify", r->name);
    if (verify.status != 0) {
        fail_msg("%s%s", verify.out, verify.err);
    }
    auto_json status = status_of(r->name);
    assert_string_equal(json_string(status, "state", ""), "down");
    assert_int_equal(processes_with(r->root), 0);
    assert_false(g_file_test(r->root, G_FILE_TEST_EXISTS));
}
