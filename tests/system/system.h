/* system.h - the program as its users call it, for tests on real machines. */
#pragma once

#include "support/test.h"

#include "base/json.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static inline const char *program(void)
{
    const char *path = g_getenv("SANDTABLE");
    if (!path) {
        fail_msg("SANDTABLE names the program to test");
    }
    return path;
}

struct outcome {
    int status; /* exit status, 128 + signal */
    char *out, *err;
};

static inline void outcome_clear(struct outcome *outcome)
{
    g_free(outcome->out);
    g_free(outcome->err);
}
#define auto_outcome __attribute__((cleanup(outcome_clear))) struct outcome

/* Runs the program with the NULL-terminated arguments and waits for it. */
static inline struct outcome call(const char *const *arguments)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_strv_builder_add(builder, program());
    g_strv_builder_addv(builder, (const char **)arguments);
    g_auto(GStrv) argv = g_strv_builder_end(builder);
    g_autoptr(GError) error = NULL;
    struct outcome outcome = {0};
    int wait_status = 0;
    g_spawn_sync(NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &outcome.out, &outcome.err,
            &wait_status, &error);
    assert_no_error(error);
    outcome.status =
            WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
    return outcome;
}
#define CALL(...) call((const char *const[]){__VA_ARGS__, NULL})

/* Starts the program with its talk going to the file log; its pid. */
static inline GPid start(const char *const *arguments, const char *log)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0) {
        return pid;
    }
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_strv_builder_add(builder, program());
    g_strv_builder_addv(builder, (const char **)arguments);
    g_auto(GStrv) argv = g_strv_builder_end(builder);
    if (!freopen("/dev/null", "r", stdin) || !freopen(log, "w", stdout) || dup2(1, 2) < 0) {
        _exit(126);
    }
    execv(argv[0], argv);
    _exit(127);
}
#define START(log, ...) start((const char *const[]){__VA_ARGS__, NULL}, log)

static inline char *read_all(const char *path)
{
    char *text = NULL;
    g_file_get_contents(path, &text, NULL, NULL);
    return text ? text : g_strdup("");
}

/* Waits for the process to end; its exit status, or a failed test with the log after limit_s. */
static inline int finish(GPid pid, int limit_s, const char *log)
{
    gint64 limit = g_get_monotonic_time() + (gint64)limit_s * G_USEC_PER_SEC;
    int status = 0;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (g_get_monotonic_time() > limit) {
            g_autofree char *text = read_all(log);
            kill(pid, SIGTERM);
            fail_msg("still running after %d s:\n%s", limit_s, text);
        }
        g_usleep(50000); /* between looks, not instead of one */
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* `status NAME --json`, or NULL while there is none. */
static inline cJSON *status_of(const char *name)
{
    auto_outcome outcome = CALL("status", name, "--json");
    return outcome.status == 0 ? cJSON_Parse(outcome.out) : NULL;
}

/* Looks until the exercise is in state, or fails with the log after limit_s. */
static inline void wait_state(const char *name, const char *state, int limit_s, const char *log)
{
    gint64 limit = g_get_monotonic_time() + (gint64)limit_s * G_USEC_PER_SEC;
    while (g_get_monotonic_time() < limit) {
        auto_json status = status_of(name);
        if (!strcmp(json_string(status, "state", ""), state)) {
            return;
        }
        g_usleep(200000); /* between looks */
    }
    g_autofree char *text = read_all(log);
    fail_msg("%s is not %s after %d s:\n%s", name, state, limit_s, text);
}

/* Every event of the exercise, as cJSON objects in an array. */
static inline cJSON *events_of(const char *name)
{
    auto_outcome outcome = CALL("events", name, "--json");
    assert_int_equal(outcome.status, 0);
    cJSON *events = cJSON_CreateArray();
    g_auto(GStrv) lines = g_strsplit(outcome.out, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (**line) {
            cJSON *event = cJSON_Parse(*line);
            assert_non_null(event);
            cJSON_AddItemToArray(events, event);
        }
    }
    return events;
}

static inline int events_with(const char *name, const char *kind)
{
    auto_json events = events_of(name);
    int n = 0;
    const cJSON *event = NULL;
    cJSON_ArrayForEach(event, events)
    {
        n += !strcmp(json_string(event, "kind", ""), kind);
    }
    return n;
}

/* Until the next engine of a killed one goes on. The ledger says "running" before that as well. */
static inline void wait_resumed(const char *name, int limit_s, const char *log)
{
    gint64 limit = g_get_monotonic_time() + (gint64)limit_s * G_USEC_PER_SEC;
    while (g_get_monotonic_time() < limit) {
        auto_json status = status_of(name);
        if (!strcmp(json_string(status, "state", ""), "running") &&
                !json_bool(status, "interrupted", false) &&
                events_with(name, "exercise.resumed") > 0) {
            return;
        }
        g_usleep(200000); /* between looks */
    }
    g_autofree char *text = read_all(log);
    fail_msg("%s does not run again after %d s:\n%s", name, limit_s, text);
}

/* Processes whose command line contains text. */
static inline int processes_with(const char *text)
{
    int n = 0;
    g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
    const char *entry = NULL;
    while ((entry = g_dir_read_name(proc))) {
        g_autofree char *path = g_strdup_printf("/proc/%s/cmdline", entry);
        char *line = NULL;
        gsize length = 0;
        if (g_ascii_isdigit(*entry) && g_file_get_contents(path, &line, &length, NULL)) {
            n += (int)g_ascii_strtoll(entry, NULL, 10) != getpid() &&
                 memmem(line, length, text, strlen(text)) != NULL;
            g_free(line);
        }
    }
    return n;
}

/* An exercise that all tests of a program share. */
struct shared_run {
    char *name, *log;
    GPid engine;
};

/* Runs scenario (a folder beside this file) as WORD-PID until its machines do. */
static inline void shared_run_begin(
        struct shared_run *run, const char *word, const char *scenario, int limit_s)
{
    run->name = g_strdup_printf("%s-%d", word, getpid());
    run->log = g_strdup_printf("/tmp/st-%s.log", run->name);
    run->engine = START(run->log, "run", scenario, "--name", run->name, "--accel", "tcg");
    wait_state(run->name, "running", limit_s, run->log);
}

/* Nothing of it is left but its ledger; what `down` exits with. */
static inline int shared_run_end(struct shared_run *run)
{
    auto_outcome down = CALL("down", run->name);
    kill(run->engine, SIGKILL);
    waitpid(run->engine, NULL, 0);
    unlink(run->log);
    g_free(run->name);
    g_free(run->log);
    return down.status;
}
