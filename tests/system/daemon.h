/* daemon.h - what the tests on a libvirt daemon ask of their one exercise. */
#pragma once

#include "system/system.h"

#include <poll.h>

#define LIMIT_S 60

static char *name, *log_file; /* of the exercise */

/* What a command prints; a failed test when it fails and must not. */
static char *shell(const char *command, bool may_fail)
{
    const char *const argv[] = {"sh", "-c", command, NULL};
    char *out = NULL;
    g_autofree char *err = NULL;
    int status = 0;
    assert_true(g_spawn_sync(
            NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err, &status, NULL));
    if (status != 0 && !may_fail) {
        fail_msg("%s: %s%s", command, out, err);
    }
    return out;
}

/* The pid of a machine's QEMU by its whole name. */
static pid_t qemu_of(const char *machine)
{
    g_autofree char *file = g_strdup_printf("/run/libvirt/qemu/sandtable-%s-%s.pid", name, machine);
    g_autofree char *text = read_all(file);
    return (pid_t)g_ascii_strtoll(text, NULL, 10);
}

static gint64 last_seq(void)
{
    auto_json events = events_of(name);
    const cJSON *last = cJSON_GetArrayItem(events, cJSON_GetArraySize(events) - 1);
    return json_int(last, "seq", 0);
}

static bool saw(const char *kind, const char *team, gint64 after)
{
    auto_json events = events_of(name);
    const cJSON *event = NULL;
    cJSON_ArrayForEach(event, events)
    {
        if (json_int(event, "seq", 0) > after && !strcmp(json_string(event, "kind", ""), kind) &&
                !strcmp(json_string(event, "team", ""), team)) {
            return true;
        }
    }
    return false;
}

static void wait_event(const char *kind, const char *team, gint64 after)
{
    gint64 limit = g_get_monotonic_time() + LIMIT_S * G_USEC_PER_SEC;
    while (!saw(kind, team, after)) {
        if (g_get_monotonic_time() > limit) {
            g_autofree char *text = read_all(log_file);
            fail_msg("no %s of %s after %d s:\n%s", kind, team, LIMIT_S, text);
        }
        g_usleep(200000); /* between looks */
    }
}

static bool is_ready_after(const char *machine, gint64 after)
{
    auto_json events = events_of(name);
    const cJSON *event = NULL;
    cJSON_ArrayForEach(event, events)
    {
        if (json_int(event, "seq", 0) > after &&
                !strcmp(json_string(event, "kind", ""), "machine.state") &&
                !strcmp(json_string(event, "subject", ""), machine) &&
                !strcmp(json_string(json_object(event, "body"), "state", ""), "ready")) {
            return true;
        }
    }
    return false;
}

static void wait_ready(const char *machine, gint64 after)
{
    gint64 limit = g_get_monotonic_time() + LIMIT_S * G_USEC_PER_SEC;
    while (!is_ready_after(machine, after)) {
        if (g_get_monotonic_time() > limit) {
            g_autofree char *text = read_all(log_file);
            fail_msg("%s is not ready again after %d s:\n%s", machine, LIMIT_S, text);
        }
        g_usleep(200000); /* between looks */
    }
}

/* What the shell script says on that machine; a failed test when it fails. */
static char *on(const char *machine, const char *script)
{
    auto_outcome outcome = CALL("exec", name, machine, "--", "sh", "-c", script);
    if (outcome.status != 0) {
        fail_msg("%s: %s: %s%s", machine, script, outcome.out, outcome.err);
    }
    return g_steal_pointer(&outcome.out);
}

static void assert_done(struct outcome outcome)
{
    if (outcome.status != 0) {
        g_autofree char *text = read_all(log_file);
        fail_msg("%s\n%s", outcome.err, text);
    }
    outcome_clear(&outcome);
}

static void assert_says(const char *machine, const char *script, const char *wanted)
{
    g_autofree char *said = on(machine, script);
    assert_string_equal(said, wanted);
}

/* Reads until text has come, or for so long; false then. */
static bool comes(int fd, GString *said, const char *text, int limit_s)
{
    gint64 limit = g_get_monotonic_time() + limit_s * G_USEC_PER_SEC;
    while (!strstr(said->str, text)) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        char chunk[1024];
        bool came = poll(&ready, 1, 1000) == 1;
        ssize_t n = came ? read(fd, chunk, sizeof(chunk)) : 0;
        if (came && n <= 0) {
            fail_msg("it ended before \"%s\" came; it said: %s", text, said->str);
        }
        if (g_get_monotonic_time() > limit) {
            return false;
        }
        g_string_append_len(said, chunk, n);
    }
    return true;
}

static void wait_text(int fd, GString *said, const char *text)
{
    if (!comes(fd, said, text, LIMIT_S)) {
        fail_msg("\"%s\" did not come; it said: %s", text, said->str);
    }
}

static void type(int fd, const char *keys)
{
    assert_int_equal(write(fd, keys, strlen(keys)), strlen(keys));
}

/* At the machine's console: its shell answers. host is its hostname. */
static void talk(const char *machine, const char *host, int number)
{
    const char *const argv[] = {program(), "console", name, machine, NULL};
    GPid pid = 0;
    int in = -1;
    int out = -1;
    g_autofree char *prompt = g_strdup_printf("root@%s", host);
    g_autofree char *keys = g_strdup_printf("echo st-$((6*7))-%d-$(hostname)\r", number);
    g_autofree char *wanted = g_strdup_printf("st-42-%d-%s", number, host);
    g_autoptr(GString) said = g_string_new(NULL);
    assert_true(g_spawn_async_with_pipes(NULL, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL,
            NULL, &pid, &in, &out, NULL, NULL));
    gint64 limit = g_get_monotonic_time() + LIMIT_S * G_USEC_PER_SEC;
    do { /* as a person does */
        type(in, "\r");
    } while (!comes(out, said, prompt, 5) && g_get_monotonic_time() < limit);
    wait_text(out, said, prompt);
    type(in, keys);
    wait_text(out, said, wanted);
    close(in); /* leaves */
    assert_int_equal(finish(pid, LIMIT_S, log_file), 0);
    close(out);
}
