/* cell.h - runs a piece of a test inside a fresh cell, in a child process that ends with it. */
#pragma once

#include "cell/cell.h"
#include "support/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

/* Returns NULL when all is well, else what was wrong (may be static). */
typedef const char *(*in_cell_fn)(const struct cell_identity *cell);

#define IN_CELL_SKIP "skip: " /* a text that begins so says what the host lacks */

/* In the child: ends fn with the place and the text of the condition. */
#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            return G_STRLOC ": " #condition;                                                       \
        }                                                                                          \
    } while (0)

/* The same for a GError in scope. */
#define EXPECT_OK(condition)                                                                       \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            return g_strdup_printf(G_STRLOC ": %s", error ? error->message : #condition);          \
        }                                                                                          \
    } while (0)

/* _exit() skips the leak sanitizer's own look. */
static inline bool in_child_leaks(void)
{
#ifdef __SANITIZE_ADDRESS__
    return __lsan_do_recoverable_leak_check() != 0;
#else
    return false;
#endif
}

/* What the child finds: "" or what is wrong. */
static inline char *in_child_body(in_cell_fn fn, bool enter)
{
    g_autoptr(GError) error = NULL;
    struct cell_identity cell = {0};
    /* "nobody" exists on every host; tests as an ordinary user stay who they are */
    if (!cell_drop_root("nobody", NULL, &error) || (enter && !cell_enter(false, &cell, &error))) {
        return g_strconcat(IN_CELL_SKIP, error->message, NULL);
    }
    const char *problem = fn(&cell);
    return g_strdup(problem ? problem : "");
}

/* Forks, becomes an ordinary user, enters a cell if asked, runs fn there; fails or skips the test
 * in the parent. */
static inline void in_child(in_cell_fn fn, bool enter)
{
#ifdef __SANITIZE_THREAD__
    fprintf(stderr, "skipped: the thread sanitizer has a thread, and only one without may enter\n");
    skip();
#endif
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    (void)fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        char *said = in_child_body(fn, enter);
        ssize_t written = write(ends[1], said, strlen(said));
        bool ok = written == (ssize_t)strlen(said);
        g_free(said);
        _exit(ok && !in_child_leaks() ? 0 : 1);
    }
    close(ends[1]);
    char text[2048];
    gsize length = 0;
    ssize_t n = 0;
    while (length < sizeof(text) - 1 &&
            (n = read(ends[0], text + length, sizeof(text) - 1 - length)) > 0) {
        length += (gsize)n;
    }
    text[length] = '\0';
    close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (g_str_has_prefix(text, IN_CELL_SKIP)) {
        fprintf(stderr, "skipped: %s\n", text + strlen(IN_CELL_SKIP));
        skip();
    }
    if (length > 0) {
        fail_msg("in the child: %s", text);
    }
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static inline void in_cell(in_cell_fn fn)
{
    in_child(fn, true);
}
