/* apt_sources.c - the host's entries for the guests' suite, in one-line format. */
#include "image/apt_sources.h"

#include <string.h>

static gboolean suite_is_ours(const char *suite)
{
    static const char *const suites[] = {
            APT_SUITE, APT_SUITE "-updates", APT_SUITE "-security", APT_SUITE "/updates", NULL};
    return g_strv_contains(suites, suite);
}

static void parse_line(const char *line, GString *out)
{
    g_auto(GStrv) words = g_strsplit_set(line, " \t", -1);
    guint n = 0;
    for (guint i = 0; words[i]; i++) { /* drop the empty words between two blanks */
        if (words[i][0]) {
            words[n++] = words[i];
        } else {
            g_free(words[i]);
        }
    }
    words[n] = NULL;
    guint uri = 1;
    if (n > 1 && words[1][0] == '[') {
        while (uri < n && !g_str_has_suffix(words[uri], "]")) {
            uri++;
        }
        uri++;
    }
    if (n >= uri + 3 && !strcmp(words[0], "deb") && suite_is_ours(words[uri + 1])) {
        g_autofree char *joined = g_strjoinv(" ", words);
        g_string_append_printf(out, "%s\n", joined);
    }
}

/* The value of field in a deb822 stanza (a key per line; continuation lines are joined), or NULL.
 */
static char *stanza_field(char **lines, const char *field)
{
    gsize length = strlen(field);
    for (char **line = lines; *line; line++) {
        if (g_ascii_strncasecmp(*line, field, length) != 0 || (*line)[length] != ':') {
            continue;
        }
        GString *value = g_string_new(*line + length + 1);
        for (line++; *line && ((*line)[0] == ' ' || (*line)[0] == '\t'); line++) {
            g_string_append(value, *line);
        }
        return g_strstrip(g_string_free(value, FALSE));
    }
    return NULL;
}

static char **words_of(const char *text)
{
    g_autofree char *copy = g_strdelimit(g_strdup(text ? text : ""), "\t", ' ');
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_auto(GStrv) parts = g_strsplit(copy, " ", -1);
    for (char **part = parts; *part; part++) {
        if ((*part)[0]) {
            g_ptr_array_add(words, g_strdup(*part));
        }
    }
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&words), FALSE);
}

static void parse_stanza(const char *stanza, GString *out)
{
    g_auto(GStrv) lines = g_strsplit(stanza, "\n", -1);
    g_autofree char *types = stanza_field(lines, "Types");
    g_autofree char *enabled = stanza_field(lines, "Enabled");
    g_autofree char *components = stanza_field(lines, "Components");
    g_autofree char *key = stanza_field(lines, "Signed-By");
    g_autofree char *uri_text = stanza_field(lines, "URIs");
    g_autofree char *suite_text = stanza_field(lines, "Suites");
    g_auto(GStrv) type_words = words_of(types);
    g_auto(GStrv) uris = words_of(uri_text);
    g_auto(GStrv) suites = words_of(suite_text);
    gboolean off = enabled && !g_ascii_strcasecmp(enabled, "no");
    gboolean key_is_path = key && key[0] == '/' && !strpbrk(key, " \t");
    if (off || !components || (key && !key_is_path) ||
            !g_strv_contains((const char *const *)type_words, "deb")) {
        return;
    }
    g_autofree char *option = key ? g_strdup_printf("[signed-by=%s] ", key) : g_strdup("");
    for (char **uri = uris; *uri; uri++) {
        for (char **suite = suites; *suite; suite++) {
            if (suite_is_ours(*suite)) {
                g_string_append_printf(out, "deb %s%s %s %s\n", option, *uri, *suite, components);
            }
        }
    }
}

char *apt_sources_parse(const char *text, gboolean deb822)
{
    GString *out = g_string_new(NULL);
    GString *plain = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        if ((*line)[0] == '#') {
            continue;
        }
        if (deb822) {
            g_string_append_printf(plain, "%s\n", *line);
        } else {
            parse_line(*line, out);
        }
    }
    g_auto(GStrv) stanzas = g_strsplit(plain->str, "\n\n", -1);
    for (char **stanza = stanzas; deb822 && *stanza; stanza++) {
        parse_stanza(*stanza, out);
    }
    g_string_free(plain, TRUE);
    return g_string_free(out, FALSE);
}

static void add_file(const char *path, GString *out)
{
    g_autofree char *text = NULL;
    if (g_file_get_contents(path, &text, NULL, NULL)) {
        g_autofree char *entries = apt_sources_parse(text, g_str_has_suffix(path, ".sources"));
        g_string_append(out, entries);
    }
}

char *apt_sources_host(void)
{
    GString *out = g_string_new(NULL);
    add_file("/etc/apt/sources.list", out);
    g_autoptr(GDir) dir = g_dir_open("/etc/apt/sources.list.d", 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        if (g_str_has_suffix(name, ".list") || g_str_has_suffix(name, ".sources")) {
            g_autofree char *path = g_build_filename("/etc/apt/sources.list.d", name, NULL);
            add_file(path, out);
        }
    }
    /* updates or security alone are no distribution */
    g_autofree char *all = g_string_free(out, FALSE);
    return g_strdup(strstr(all, " " APT_SUITE " ") ? all : "");
}

char **apt_sources_options(void)
{
    static const char *const wanted[] = {"Acquire::http::Proxy", "Acquire::https::Proxy",
            "Acquire::Retries", "Acquire::Check-Valid-Until", "Acquire::Check-Date"};
    g_autoptr(GPtrArray) options = g_ptr_array_new();
    g_autofree char *dump = NULL;
    const char *argv[] = {"apt-config", "dump", "--no-empty", NULL};
    if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &dump, NULL, NULL,
                NULL)) {
        dump = g_strdup("");
    }
    g_auto(GStrv) lines = g_strsplit(dump, "\n", -1);
    for (char **line = lines; *line; line++) {
        for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++) {
            gsize length = strlen(wanted[i]);
            if (!strncmp(*line, wanted[i], length) && ((*line)[length] == ' ')) {
                gsize end = strlen(*line) - g_str_has_suffix(*line, ";");
                g_ptr_array_add(options, g_strndup(*line, end));
            }
        }
    }
    g_ptr_array_add(options, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&options), FALSE);
}
