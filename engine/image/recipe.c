/* recipe.c - the recipe's key file: read, checked word by word. */
#include "image/recipe.h"

#include "base/error.h"
#include "base/paths.h"
#include "base/text.h"
#include "image/image.h"

#include <string.h>

#define RECIPE_MAX_BYTES 65536
#define MEMORY_MIN_MIB 48
#define MEMORY_MAX_MIB 65536

enum key_kind { KEY_TEXT, KEY_WORDS, KEY_PATHS, KEY_ARGV, KEY_MEMORY };

static const struct key {
    const char *name;
    enum key_kind kind;
    size_t offset;
} keys[] = {
        {"description", KEY_TEXT, offsetof(struct recipe, description)},
        {"packages", KEY_WORDS, offsetof(struct recipe, packages)},
        {"programs", KEY_WORDS, offsetof(struct recipe, programs)},
        {"modules", KEY_WORDS, offsetof(struct recipe, modules)},
        {"remove", KEY_PATHS, offsetof(struct recipe, remove)},
        {"probe", KEY_ARGV, offsetof(struct recipe, probe)},
        {"memory", KEY_MEMORY, offsetof(struct recipe, memory_mib)},
};

static const char *const group_names[] = {"image", "services", "modes", NULL};

static bool wrong(GError **error, const struct recipe *recipe, const char *format, ...)
        G_GNUC_PRINTF(3, 4);

static bool wrong(GError **error, const struct recipe *recipe, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "%s/recipe: %s", recipe->dir, text);
    return false;
}

/* Packages, programs, modules: what Debian and the kernel allow in names, and nothing a shell or an
 * option parser would take for something else. */
static bool word_is_plain(const char *word)
{
    return g_ascii_isalnum(word[0]) &&
           strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-._") ==
                   strlen(word);
}

/* An absolute path that stays in the tree; with globs where a pattern is meant. */
static bool path_is_plain(const char *path, bool pattern)
{
    g_autofree char *allowed =
            g_strconcat("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-._/@",
                    pattern ? "*?" : NULL, NULL);
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    return path[0] == '/' && path[1] && strspn(path, allowed) == strlen(path) &&
           !g_strv_contains((const char *const *)parts, "..");
}

static bool check_words(
        const struct recipe *recipe, const struct key *key, char **words, GError **error)
{
    for (char **word = words; *word; word++) {
        g_strstrip(*word);
        bool ok = key->kind == KEY_WORDS ? word_is_plain(*word)
                                         : key->kind == KEY_ARGV || path_is_plain(*word, true);
        if (!ok) {
            return wrong(error, recipe, "%s: \"%s\" is not a %s", key->name, *word,
                    key->kind == KEY_WORDS ? "plain name"
                                           : "path from / in the machine (letters, digits, * ?)");
        }
    }
    return true;
}

static bool read_memory(struct recipe *recipe, GKeyFile *file, GError **error)
{
    g_autofree char *text = g_key_file_get_string(file, "image", "memory", NULL);
    guint64 value = 0;
    if (!text ||
            !g_ascii_string_to_unsigned(text, 10, MEMORY_MIN_MIB, MEMORY_MAX_MIB, &value, NULL)) {
        return wrong(error, recipe, "memory: \"%s\" is not a number of MiB from %d to %d",
                text ? text : "", MEMORY_MIN_MIB, MEMORY_MAX_MIB);
    }
    recipe->memory_mib = (int)value;
    return true;
}

static bool read_key(struct recipe *recipe, GKeyFile *file, const struct key *key, GError **error)
{
    if (key->kind == KEY_MEMORY) {
        return read_memory(recipe, file, error);
    }
    g_autoptr(GError) problem = NULL;
    void *place = (char *)recipe + key->offset;
    if (key->kind == KEY_TEXT) {
        char *text = g_key_file_get_string(file, "image", key->name, &problem);
        if (!text) {
            return wrong(error, recipe, "%s: %s", key->name, problem->message);
        }
        g_free(*(char **)place);
        *(char **)place = text;
        return true;
    }
    char **words = g_key_file_get_string_list(file, "image", key->name, NULL, &problem);
    if (!words) {
        return wrong(error, recipe, "%s: %s", key->name, problem->message);
    }
    g_strfreev(*(char ***)place);
    *(char ***)place = words;
    return check_words(recipe, key, words, error);
}

static bool read_image_group(struct recipe *recipe, GKeyFile *file, GError **error)
{
    const char *known[G_N_ELEMENTS(keys) + 1] = {NULL};
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        known[i] = keys[i].name;
    }
    g_auto(GStrv) names = g_key_file_get_keys(file, "image", NULL, NULL);
    for (char **name = names; name && *name; name++) {
        const struct key *key = NULL;
        for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
            key = strcmp(keys[i].name, *name) == 0 ? &keys[i] : key;
        }
        if (!key) {
            g_autofree char *hint = text_did_you_mean(*name, known);
            return wrong(error, recipe, "unknown key \"%s\"%s", *name, hint);
        }
        if (!read_key(recipe, file, key, error)) {
            return false;
        }
    }
    if (!recipe->description[0]) {
        return wrong(error, recipe, "[image] has no description");
    }
    return true;
}

/* One service a line; PID 1 cuts at blanks, so there is no quoting to get wrong. */
static bool read_services(struct recipe *recipe, GKeyFile *file, GError **error)
{
    g_auto(GStrv) names = g_key_file_get_keys(file, "services", NULL, NULL);
    for (char **name = names; name && *name; name++) {
        g_autofree char *command = g_key_file_get_string(file, "services", *name, NULL);
        if (!paths_name_is_valid(*name)) {
            return wrong(error, recipe,
                    "service \"%s\": a name is a-z, 0-9 and -, at most 31, a letter first", *name);
        }
        if (!command || !command[0] || strpbrk(command, "\n\"'\\$`") || strlen(command) > 400) {
            return wrong(error, recipe,
                    "service \"%s\": the command is words without quotes, at most 400 bytes (put "
                    "more into a script below files/)",
                    *name);
        }
        g_ptr_array_add(recipe->services, g_strconcat(*name, " ", command, NULL));
    }
    return true;
}

static bool read_modes(struct recipe *recipe, GKeyFile *file, GError **error)
{
    g_auto(GStrv) paths = g_key_file_get_keys(file, "modes", NULL, NULL);
    for (char **path = paths; path && *path; path++) {
        g_autofree char *mode = g_key_file_get_string(file, "modes", *path, NULL);
        bool octal = mode && strlen(mode) >= 3 && strlen(mode) <= 4 &&
                     strspn(mode, "01234567") == strlen(mode);
        if (!path_is_plain(*path, false) || !octal) {
            return wrong(error, recipe, "modes: \"%s=%s\" is not PATH=OCTAL, like /etc/key=0600",
                    *path, mode ? mode : "");
        }
        g_hash_table_insert(recipe->modes, g_strdup(*path), g_steal_pointer(&mode));
    }
    return true;
}

static bool read_all(struct recipe *recipe, GKeyFile *file, GError **error)
{
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
    for (char **group = groups; *group; group++) {
        if (!g_strv_contains(group_names, *group)) {
            g_autofree char *hint = text_did_you_mean(*group, group_names);
            return wrong(error, recipe, "unknown group [%s]%s", *group, hint);
        }
    }
    if (!g_key_file_has_group(file, "image")) {
        return wrong(error, recipe, "there is no group [image]");
    }
    return read_image_group(recipe, file, error) && read_services(recipe, file, error) &&
           read_modes(recipe, file, error);
}

struct recipe *recipe_parse(
        const char *name, const char *dir, const char *text, gsize length, GError **error)
{
    auto_recipe recipe = g_new0(struct recipe, 1);
    recipe->name = g_strdup(name);
    recipe->dir = g_strdup(dir);
    recipe->description = g_strdup("");
    recipe->packages = g_new0(char *, 1);
    recipe->programs = g_new0(char *, 1);
    recipe->modules = g_new0(char *, 1);
    recipe->remove = g_new0(char *, 1);
    recipe->probe = g_new0(char *, 1);
    recipe->services = g_ptr_array_new_with_free_func(g_free);
    recipe->modes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    recipe->memory_mib = 128;
    if (length > RECIPE_MAX_BYTES || !g_utf8_validate(text, (gssize)length, NULL)) {
        wrong(error, recipe, "not UTF-8 text of at most %d bytes", RECIPE_MAX_BYTES);
        return NULL;
    }
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) problem = NULL;
    if (!g_key_file_load_from_data(file, text, length, G_KEY_FILE_NONE, &problem)) {
        wrong(error, recipe, "%s", problem->message);
        return NULL;
    }
    return read_all(recipe, file, error) ? g_steal_pointer(&recipe) : NULL;
}

char *recipe_images_dir(void)
{
    g_autofree char *data = paths_data_dir();
    return g_build_filename(data, "images", NULL);
}

/* The names of folders below images/ that have a recipe, for "did you mean". */
static char *hint_for(const char *name)
{
    g_auto(GStrv) names = image_recipes(NULL);
    return names ? text_did_you_mean(name, (const char *const *)names) : g_strdup("");
}

struct recipe *recipe_load(const char *name, GError **error)
{
    g_autofree char *images = recipe_images_dir();
    g_autofree char *dir = g_build_filename(images, name, NULL);
    g_autofree char *path = g_build_filename(dir, "recipe", NULL);
    g_autofree char *text = NULL;
    gsize length = 0;
    g_autoptr(GError) problem = NULL;
    if (!paths_name_is_valid(name) || !g_file_get_contents(path, &text, &length, &problem)) {
        bool readable = !problem || g_error_matches(problem, G_FILE_ERROR, G_FILE_ERROR_NOENT);
        g_autofree char *hint = hint_for(name);
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                "no image recipe \"%s\"%s in %s%s%s", name, hint, images, readable ? "" : ": ",
                readable ? "" : problem->message);
        return NULL;
    }
    return recipe_parse(name, dir, text, length, error);
}

void recipe_free(struct recipe *recipe)
{
    if (!recipe) {
        return;
    }
    g_free(recipe->name);
    g_free(recipe->dir);
    g_free(recipe->description);
    g_strfreev(recipe->packages);
    g_strfreev(recipe->programs);
    g_strfreev(recipe->modules);
    g_strfreev(recipe->remove);
    g_strfreev(recipe->probe);
    g_ptr_array_unref(recipe->services);
    g_hash_table_unref(recipe->modes);
    g_free(recipe);
}
