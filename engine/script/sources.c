/* sources.c - a copy of what was read of a scenario, so that an exercise can go on without it. */
#include "base/error.h"
#include "base/paths.h"
#include "script/task.h"

#include <string.h>

void sandbox_note_source(struct sandbox *sandbox, const char *path, const char *bytes, gsize length)
{
    /* "a/../b" is "b"; nothing leads out of "/" */
    g_autofree char *whole = g_canonicalize_filename(path, "/");
    g_hash_table_insert(sandbox->sources, g_strdup(whole + 1), g_bytes_new(bytes, length));
    if (sandbox->keep) {
        g_autoptr(GError) error = NULL;
        if (!sandbox_keep_sources(sandbox, &error)) {
            g_debug("%s", error->message); /* only a resume would miss it, and say so */
        }
    }
}

static bool keep_one(const char *folder, const char *path, GBytes *bytes, GError **error)
{
    gsize length = 0;
    const char *data = g_bytes_get_data(bytes, &length);
    g_autofree char *file = g_build_filename(folder, path, NULL);
    g_autofree char *parent = g_path_get_dirname(file);
    g_autoptr(GError) why = NULL;
    if (!paths_make(parent, error)) {
        return false;
    }
    if (!g_file_set_contents_full(file, data ? data : "", (gssize)length,
                G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, &why)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST,
                "cannot keep a copy of the scenario: %s", why->message);
        return false;
    }
    return true;
}

/* What is written is forgotten. */
bool sandbox_keep_sources(struct sandbox *sandbox, GError **error)
{
    GHashTableIter iter;
    gpointer path = NULL;
    gpointer bytes = NULL;
    bool ok = true;
    g_hash_table_iter_init(&iter, sandbox->sources);
    while (ok && g_hash_table_iter_next(&iter, &path, &bytes)) {
        ok = keep_one(sandbox->keep, path, bytes, error);
    }
    g_hash_table_remove_all(sandbox->sources);
    return ok;
}

bool script_keep(struct script *script, const char *folder, GError **error)
{
    g_free(script->sandbox->keep);
    script->sandbox->keep = g_strdup(folder);
    return sandbox_keep_sources(script->sandbox, error);
}
