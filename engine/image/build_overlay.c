/* build_overlay.c - what goes over the Debian tree, as one tar file owned by root. */
#include "base/error.h"
#include "image/build_tree.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

/* Where a program of the project lies in a machine. */
static char *program_place(const char *name)
{
    return strcmp(name, "guest-init") == 0 ? g_strdup("usr/sbin/init")
                                           : g_build_filename("usr/local/bin", name, NULL);
}

static bool fail(const char *what, GError **error)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot write %s: %s", what,
            g_strerror(errno));
    return false;
}

/* bytes at path below WORK/files, listed for tar. */
static bool put(const struct build *build, const char *path, const char *bytes, gsize length,
        unsigned mode, GString *list, GError **error)
{
    g_autofree char *target = g_build_filename(build->work, "files", path, NULL);
    g_autofree char *parent = g_path_get_dirname(target);
    if (g_mkdir_with_parents(parent, 0755) != 0) {
        return fail(parent, error);
    }
    if (!g_file_set_contents(target, bytes, (gssize)length, error)) {
        return false;
    }
    if (g_chmod(target, (int)mode) != 0) {
        return fail(target, error);
    }
    g_string_append(list, path);
    g_string_append_c(list, '\0');
    return true;
}

static bool put_file(const struct build *build, const char *path, const char *source, unsigned mode,
        GString *list, GError **error)
{
    g_autofree char *bytes = NULL;
    gsize length = 0;
    return g_file_get_contents(source, &bytes, &length, error) &&
           put(build, path, bytes, length, mode, list, error);
}

static bool put_recipe(
        const struct build *build, const struct recipe *recipe, GString *list, GError **error)
{
    g_autoptr(GPtrArray) files = recipe_files(recipe, error);
    for (guint i = 0; files && i < files->len; i++) {
        const struct recipe_file *file = files->pdata[i];
        if (!put_file(build, file->path, file->source, file->mode, list, error)) {
            return false;
        }
    }
    for (char **name = recipe->programs; files && *name; name++) {
        g_autofree char *source = recipe_program(*name, error);
        g_autofree char *place = program_place(*name);
        if (!source || !put_file(build, place, source, 0755, list, error)) {
            return false;
        }
    }
    return files != NULL;
}

bool build_overlay(const struct build *build, GError **error)
{
    g_autoptr(GString) list = g_string_new(NULL);
    g_autoptr(GString) services = g_string_new(NULL);
    const struct recipe *parts[] = {build->base, build->recipe};
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (parts[i] && !put_recipe(build, parts[i], list, error)) {
            return false;
        }
        for (guint s = 0; parts[i] && s < parts[i]->services->len; s++) {
            g_string_append_printf(services, "%s\n", (char *)parts[i]->services->pdata[s]);
        }
    }
    if (!put(build, "etc/sandtable/services", services->str, services->len, 0644, list, error)) {
        return false;
    }
    g_autofree char *names = g_build_filename(build->work, "files.list", NULL);
    if (!g_file_set_contents(names, list->str, (gssize)list->len, error)) {
        return false;
    }
    /* files only: a folder's entry would change the mode of the one that is there */
    const char *argv[] = {"tar", "--create", "--file=files.tar", "--directory=files", "--null",
            "--no-recursion", "--files-from=files.list", "--owner=0", "--group=0",
            "--numeric-owner", "--mtime=@0", NULL};
    return build_run(build, argv, error);
}
