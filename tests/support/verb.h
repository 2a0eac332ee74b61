/* verb.h - verbs as a person calls them, in a home of their own, and an engine that they reach. */
#pragma once

#include "support/fake_server.h"

#include "base/paths.h"
#include "cli/cli_view.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define NOBODY 65534

static char *home;

/* ---- what a verb prints -------------------------------------------------------------------- */

struct printed {
    int code;
    char *out, *err, *error; /* error: the text of the GError or NULL */
};

static inline int divert(int fd, char **path)
{
    *path = g_build_filename(home, fd == STDOUT_FILENO ? "out" : "err", NULL);
    fflush(NULL);
    int saved = dup(fd);
    int file = open(*path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(file >= 0 && dup2(file, fd) == fd);
    close(file);
    return saved;
}

static inline char *restore(int fd, int saved, char *path)
{
    char *text = NULL;
    fflush(NULL);
    assert_true(dup2(saved, fd) == fd);
    close(saved);
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_free(path);
    return text;
}

static inline struct printed run(const struct verb *verb, const char *line)
{
    struct printed printed = {0};
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) parts = g_strsplit(line, " ", -1);
    int argc = (int)g_strv_length(parts);
    g_autofree char **argv = g_memdup2(parts, sizeof(char *) * (gsize)(argc + 1));
    char *out;
    char *err;
    int saved_out = divert(STDOUT_FILENO, &out);
    int saved_err = divert(STDERR_FILENO, &err);
    printed.code = verb->run(argc, argv, &error);
    printed.out = restore(STDOUT_FILENO, saved_out, out);
    printed.err = restore(STDERR_FILENO, saved_err, err);
    if (error) {
        printed.error = g_strdup(error->message);
        printed.code = sandtable_exit_code(error);
    }
    return printed;
}

static inline void clear(struct printed *printed)
{
    g_free(printed->out);
    g_free(printed->err);
    g_free(printed->error);
}

static inline void expect_printed(
        const struct verb *verb, const char *line, const char *out, const char *err)
{
    struct printed printed = run(verb, line);
    if (printed.error) {
        fail_msg("%s: %s", line, printed.error);
    }
    assert_string_equal(printed.out, out);
    assert_string_equal(printed.err, err);
    assert_int_equal(printed.code, 0);
    clear(&printed);
}

static inline void expect_refused(
        const struct verb *verb, const char *line, int code, const char *text)
{
    struct printed printed = run(verb, line);
    if (!printed.error || !strstr(printed.error, text) || printed.code != code) {
        fail_msg("%s: exit %d, \"%s\" lacks \"%s\"", line, printed.code,
                printed.error ? printed.error : "", text);
    }
    assert_string_equal(printed.out, "");
    clear(&printed);
}

static inline int make_home(void **state)
{
    (void)state;
    home = test_mkdtemp();
    const char *const folders[][2] = {{"XDG_STATE_HOME", "state"}, {"XDG_RUNTIME_DIR", "run"}};
    for (gsize i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *dir = g_build_filename(home, folders[i][1], NULL);
        g_setenv(folders[i][0], dir, TRUE);
        assert_int_equal(g_mkdir(dir, 0700), 0);
    }
    g_autofree char *state_dir = paths_state_dir();
    g_autofree char *runtime_dir = paths_runtime_dir();
    assert_true(paths_make(state_dir, NULL) && paths_make(runtime_dir, NULL));
    return 0;
}

static inline int remove_home(void **state)
{
    (void)state;
    test_rmtree(home);
    return 0;
}

/* As root a verb would change to the engine's account and never come back. */
static inline bool become_nobody(void)
{
    if (geteuid() != 0) {
        return true;
    }
    if (g_getenv("SANDTABLE_UPDATE_GOLDEN")) { /* root writes the golden files */
        return setegid(NOBODY) == 0 && seteuid(NOBODY) == 0;
    }
    return setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0;
}

/* ---- a running exercise -------------------------------------------------------------------- */

static inline struct fixture *start_with(int events)
{
    struct fixture *f = g_new0(struct fixture, 1);
    f->dir = test_mkdtemp();
    f->path = paths_socket("drill");
    f->ledger = paths_ledger("drill");
    f->events = events;
    start_thread(f);
    return f;
}

static inline struct fixture *start_running(void)
{
    return start_with(3);
}
