/* app_layout.c - machines dragged to other places, and the file that keeps them.
 *
 * A line of the file is "x y id": the place as shares of the picture, 0 to 1, for every size and
 * zoom. It is the user's, one for each exercise's name.
 */
#include "app_private.h"

#include "words.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX (1 << 20)

static char *layout_path(const struct app *app)
{
    g_autofree char *name = g_strdup(app->head->name);
    g_strcanon(name, "abcdefghijklmnopqrstuvwxyz0123456789-", '_');
    g_autofree char *file = g_strconcat(*name ? name : "exercise", ".layout", NULL);
    return g_build_filename(g_get_user_state_dir(), "sandtable", "layouts", file, NULL);
}

static void put(struct view *view, const char *id, float x, float y)
{
    struct point *place = g_new(struct point, 1);
    *place = (struct point){CLAMP(x, 0, 1), CLAMP(y, 0, 1)};
    g_hash_table_replace(view->moved, g_strdup(id), place);
    view->moves++;
}

static void take_line(struct view *view, const char *line)
{
    char *end = NULL;
    double x = g_ascii_strtod(line, &end);
    double y = *end == ' ' ? g_ascii_strtod(end, &end) : -1;
    if (*end == ' ' && end[1] && x >= 0 && x <= 1 && y >= 0 && y <= 1) {
        put(view, end + 1, (float)x, (float)y);
    }
}

void layout_load(struct app *app)
{
    g_autofree char *path = layout_path(app);
    g_autofree char *text = NULL;
    gsize length = 0;
    g_hash_table_remove_all(app->view.moved);
    app->view.moves++;
    if (app->still || !g_file_get_contents(path, &text, &length, NULL) || length > FILE_MAX) {
        return;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (int i = 0; lines[i]; i++) {
        take_line(&app->view, lines[i]);
    }
}

void layout_save(struct app *app)
{
    g_autofree char *path = layout_path(app);
    g_autofree char *dir = g_path_get_dirname(path);
    g_autoptr(GString) text = g_string_new(NULL);
    GHashTableIter iter;
    gpointer id = NULL;
    gpointer value = NULL;
    g_hash_table_iter_init(&iter, app->view.moved);
    while (g_hash_table_iter_next(&iter, &id, &value)) {
        const struct point *place = value;
        char x[G_ASCII_DTOSTR_BUF_SIZE];
        char y[G_ASCII_DTOSTR_BUF_SIZE];
        g_string_append_printf(text, "%s %s %s\n",
                g_ascii_formatd(x, sizeof x, "%.5f", (double)place->x),
                g_ascii_formatd(y, sizeof y, "%.5f", (double)place->y), (const char *)id);
    }
    g_autoptr(GError) error = NULL;
    if (text->len == 0 ? unlink(path) != 0 && errno != ENOENT
                       : g_mkdir_with_parents(dir, 0700) != 0 ||
                                 !g_file_set_contents(path, text->str, (gssize)text->len, &error)) {
        app_say(app, true, g_strdup_printf(tr("%s: the places are not kept"), path));
    }
}

void layout_move(struct app *app, int machine, float x, float y)
{
    struct view *view = &app->view;
    const struct model_machine *what = model_machine_at(view->model, machine);
    struct rect area = view->area;
    if (what && area.w > 1 && area.h > 1) {
        put(view, what->id, (x - area.x) / area.w, (y - area.y) / area.h);
        app->dirty = true;
    }
}

void layout_forget(struct app *app)
{
    g_hash_table_remove_all(app->view.moved);
    app->view.moves++;
    layout_save(app);
}
