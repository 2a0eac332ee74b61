/* cli.c - what all verbs share: account, options, output. */
#include "cli/cli.h"

#include "base/json.h"
#include "base/paths.h"
#include "base/text.h"
#include "cell/cell.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool cli_become_user(const char *user, int argc, char **argv, GError **error)
{
    if (geteuid() != 0) {
        return true;
    }
    g_autofree char *account = NULL;
    if (!cell_account(user, &account, error)) {
        return false;
    }
    g_autofree char **paths = g_new0(char *, (gsize)argc + 2);
    g_autofree int *from = g_new0(int, (gsize)argc + 2);
    gsize n = 0;
    paths[n++] = paths_data_dir();
    for (int i = 1; i < argc; i++) {
        if (g_file_test(argv[i], G_FILE_TEST_EXISTS)) {
            from[n] = i;
            paths[n++] = g_canonicalize_filename(argv[i], NULL);
        }
    }
    if (!cell_drop_root(account, paths, error)) {
        return false; /* the process ends: what was allocated goes with it */
    }
    g_setenv("SANDTABLE_DATA", paths[0], TRUE);
    for (gsize i = 1; i < n; i++) {
        argv[from[i]] = paths[i];
    }
    g_free(paths[0]);
    return true;
}

bool cli_parse(const struct verb *verb, const GOptionEntry *entries, int *argc, char ***argv,
        int min, int max, GError **error)
{
    const char *space = strchr(verb->usage, ' ');
    g_autoptr(GOptionContext) context = g_option_context_new(space ? space + 1 : NULL);
    g_autofree char *name = g_strconcat("sandtable ", verb->name, NULL);
    g_set_prgname(name);
    g_option_context_set_summary(context, verb->summary);
    if (entries) {
        g_option_context_add_main_entries(context, entries, NULL);
    }
    g_autoptr(GError) wrong = NULL;
    if (!g_option_context_parse(context, argc, argv, &wrong)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "%s; usage: sandtable %s",
                wrong->message, verb->usage);
        return false;
    }
    if (*argc > 1 && !strcmp((*argv)[1], "--")) {
        memmove(*argv + 1, *argv + 2, sizeof(char *) * (gsize)(*argc - 1));
        (*argc)--;
    }
    int left = *argc - 1;
    if (left < min || (max >= 0 && left > max)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "%s arguments; usage: sandtable %s", left < min ? "too few" : "too many",
                verb->usage);
        return false;
    }
    return true;
}

void cli_print_json(cJSON *json)
{
    g_autofree char *text = json_text(json);
    puts(text);
    cJSON_Delete(json);
}

void cli_say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    /* it may quote a ledger or an engine that somebody else has made */
    g_autofree char *clean = text_clean_tail(text, strlen(text), strlen(text));
    fprintf(stderr, "sandtable: %s\n", clean);
}

bool cli_colour(int fd)
{
    const char *term = g_getenv("TERM");
    return isatty(fd) && !g_getenv("NO_COLOR") && term && strcmp(term, "dumb") != 0;
}
