/* build_host.c - what a rootless build needs of the host, asked before minutes are spent. */
#include "base/error.h"
#include "image/build_tree.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

/* True if the account has a line of at least 65536 ids in /etc/subuid or /etc/subgid. */
static bool has_range(const char *path, const char *user)
{
    g_autofree char *text = NULL;
    g_autofree char *uid = g_strdup_printf("%d", (int)geteuid());
    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return false;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) fields = g_strsplit(*line, ":", 3);
        if (g_strv_length(fields) == 3 && (!strcmp(fields[0], user) || !strcmp(fields[0], uid)) &&
                g_ascii_strtoull(fields[2], NULL, 10) >= 65536) {
            return true;
        }
    }
    return false;
}

bool build_check_host(GError **error)
{
    static const char *const tools[][2] = {{"mmdebstrap", "mmdebstrap"}, {"newuidmap", "uidmap"},
            {"mksquashfs", "squashfs-tools"}, {"tar", "tar"}};
    if (geteuid() == 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "images are never built as root: name an ordinary account");
        return false;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(tools); i++) {
        g_autofree char *found = g_find_program_in_path(tools[i][0]);
        if (!found) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                    "%s is missing: apt install %s (or ./dev setup)", tools[i][0], tools[i][1]);
            return false;
        }
    }
    struct passwd *account = getpwuid(geteuid());
    const char *user = account ? account->pw_name : "?";
    if (!has_range("/etc/subuid", user) || !has_range("/etc/subgid", user)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "%s has no range of subordinate ids: usermod --add-subuids 200000-265535 "
                "--add-subgids 200000-265535 %s (or ./dev setup)",
                user, user);
        return false;
    }
    return true;
}
