/* check_logs.c - validation of machines.NAME.logs: whole paths, a few, each once. */
#include "base/text.h"
#include "plan/check.h"

#include <string.h>

#define LOGS_MAX 8
#define PATH_BYTES 255

static bool is_path(const char *path)
{
    gsize length = strlen(path);
    for (const char *c = path; *c; c++) {
        if (g_ascii_iscntrl(*c)) {
            return false;
        }
    }
    return path[0] == '/' && length <= PATH_BYTES && path[length - 1] != '/' &&
           !strstr(path, "/../") && g_utf8_validate(path, -1, NULL);
}

void check_logs(const struct checker *check, const struct plan_host *host)
{
    int line = plan_line(check->plan, &host->logs, host->line);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    if (host->logs->len > LOGS_MAX) {
        plan_problem_add(check->problems, line,
                "machine \"%s\": %u logs; at most %d of a machine are read", host->name,
                host->logs->len, LOGS_MAX);
    }
    for (guint i = 0; i < host->logs->len; i++) {
        const char *path = host->logs->pdata[i];
        g_autofree char *shown = text_clean_tail(path, strlen(path), PATH_BYTES);
        if (!is_path(path)) {
            plan_problem_add(check->problems, line,
                    "machine \"%s\": log \"%s\": write the whole path of a file, such as "
                    "\"/var/log/auth.log\"",
                    host->name, shown);
        } else if (!g_hash_table_add(seen, (gpointer)path)) {
            plan_problem_add(check->problems, line, "machine \"%s\": log \"%s\" is there twice",
                    host->name, path);
        }
    }
}
