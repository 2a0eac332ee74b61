/* cli_capture_save.c - the packets of a step or of a time, from the files of the captures. */
#include "cli/cli_capture.h"

#include "base/json.h"
#include "base/text.h"
#include "net/pcap_select.h"
#include "plan/plan.h"

#include <string.h>
#include <unistd.h>

struct choice { /* what will be written */
    gint64 from_us, to_us;
    const cJSON *step;  /* or NULL */
    GPtrArray *sources; /* struct pcap_source *, owning */
    GArray *names;      /* struct pcapng_name */
};

static void source_free(gpointer data)
{
    struct pcap_source *source = data;
    g_strfreev((char **)source->files);
    g_free(source);
}

/* ---- which time ---------------------------------------------------------------------------- */

static char *known_steps(const cJSON *captures)
{
    GString *text = g_string_new(NULL);
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(captures, "steps"))
    {
        g_string_append_printf(text, "%s%s@%s", text->len ? ", " : "",
                json_string(item, "step", ""), json_string(item, "team", ""));
    }
    return g_string_free(text, FALSE);
}

static bool is_wanted_step(const cJSON *step, const struct cli_capture_wish *wish)
{
    return !strcmp(json_string(step, "step", ""), wish->step) &&
           (!wish->team || !strcmp(json_string(step, "team", ""), wish->team));
}

/* The last run of the step; without a team there must be one team only. */
static const cJSON *find_step(
        const cJSON *captures, const struct cli_capture_wish *wish, GError **error)
{
    const cJSON *found = NULL;
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(captures, "steps"))
    {
        if (!is_wanted_step(item, wish)) {
            continue;
        }
        if (found && strcmp(json_string(found, "team", ""), json_string(item, "team", "")) != 0) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                    "step \"%s\" ran against several teams: say which with --team", wish->step);
            return NULL;
        }
        found = item;
    }
    if (!found) {
        g_autofree char *known = known_steps(captures);
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                "no packets of step \"%s\"%s%s were captured%s%s", wish->step,
                wish->team ? " against " : "", wish->team ? wish->team : "",
                *known ? "; there are: " : "; no step ended while a network of its was captured",
                known);
    }
    return found;
}

static bool choose_time(const cJSON *captures, const struct cli_capture_wish *wish,
        struct choice *choice, GError **error)
{
    choice->from_us = 0;
    choice->to_us = G_MAXINT64;
    if (wish->step) {
        choice->step = find_step(captures, wish, error);
        if (!choice->step) {
            return false;
        }
        choice->from_us = json_int(choice->step, "from_us", 0) - wish->margin_us;
        choice->to_us = json_int(choice->step, "to_us", 0) + wish->margin_us;
    } else if (wish->last_us > 0) {
        choice->from_us = g_get_real_time() - wish->last_us;
    }
    return true;
}

/* ---- which files --------------------------------------------------------------------------- */

static bool is_in_step(const struct choice *choice, const char *network)
{
    const cJSON *place = NULL;
    cJSON_ArrayForEach(place, json_array(choice->step, "places"))
    {
        if (!strcmp(json_string(place, "network", ""), network)) {
            return true;
        }
    }
    return !choice->step;
}

/* A file that is being written has no end yet. */
static bool overlaps(const cJSON *file, const struct choice *choice)
{
    bool open = !json_string(file, "sha256", NULL);
    return json_int(file, "first_us", 0) <= choice->to_us &&
           (open || json_int(file, "last_us", 0) >= choice->from_us);
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Of a capture whose end is not in the ledger: its engine was killed. */
static void add_unlisted(const cJSON *capture, GPtrArray *paths)
{
    const char *folder = json_string(capture, "folder", "");
    const char *first = json_string(capture, "first_file", "");
    const char *dash = strrchr(first, '-');
    g_autoptr(GDir) dir = dash ? g_dir_open(folder, 0, NULL) : NULL;
    const char *entry;
    while (dir && (entry = g_dir_read_name(dir))) {
        if (!strncmp(entry, first, (gsize)(dash - first) + 1) && strcmp(entry, first) >= 0) {
            g_ptr_array_add(paths, g_build_filename(folder, entry, NULL));
        }
    }
    g_ptr_array_sort(paths, by_name);
}

static void add_source(struct choice *choice, const cJSON *capture)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    const cJSON *file = NULL;
    cJSON_ArrayForEach(file, json_array(capture, "files"))
    {
        const char *name = json_string(file, "file", "");
        if (overlaps(file, choice) && *name && !strchr(name, '/')) {
            g_ptr_array_add(
                    paths, g_build_filename(json_string(capture, "folder", ""), name, NULL));
        }
    }
    if (!strcmp(json_string(capture, "state", ""), "open")) {
        add_unlisted(capture, paths);
    }
    g_ptr_array_add(paths, NULL);
    struct pcap_source *source = g_new0(struct pcap_source, 1);
    source->name = json_string(capture, "network", "");
    source->files = (const char *const *)g_strdupv((char **)paths->pdata);
    source->from_us = choice->from_us;
    source->to_us = choice->to_us;
    g_ptr_array_add(choice->sources, source);
}

static bool choose_files(const cJSON *captures, const struct cli_capture_wish *wish,
        struct choice *choice, GError **error)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(captures, "captures"))
    {
        const char *network = json_string(item, "network", "");
        const char *team = json_string(item, "team", "");
        bool wanted = is_in_step(choice, network) &&
                      (!wish->network || !strcmp(wish->network, network)) &&
                      (wish->step || !wish->team || !strcmp(wish->team, team));
        if (wanted) {
            add_source(choice, item);
        }
    }
    if (choice->sources->len == 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                "no such network is, or was, captured; `sandtable capture NAME` lists what there "
                "is");
    }
    return choice->sources->len > 0;
}

static bool is_source(const struct choice *choice, const char *network)
{
    for (guint i = 0; i < choice->sources->len; i++) {
        if (!strcmp(((struct pcap_source *)choice->sources->pdata[i])->name, network)) {
            return true;
        }
    }
    return false;
}

static void choose_names(const cJSON *captures, struct choice *choice)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(captures, "names"))
    {
        struct pcapng_name name = {.name = json_string(item, "name", "")};
        if (is_source(choice, json_string(item, "network", "")) &&
                plan_address_parse(json_string(item, "address", ""), &name.address)) {
            g_array_append_val(choice->names, name);
        }
    }
}

/* ---- writing ------------------------------------------------------------------------------- */

static char *comment_of(const struct choice *choice, const struct cli_capture_wish *wish)
{
    if (!choice->step) {
        return NULL;
    }
    return g_strdup_printf("step %s against %s, verdict: %s; with a margin of %.1f s",
            json_string(choice->step, "step", ""), json_string(choice->step, "team", ""),
            json_string(choice->step, "verdict", "none"), (double)wish->margin_us / 1e6);
}

static bool write_packets(const struct choice *choice, const char *comment, int fd,
        const char *path, guint64 *ret_packets, GError **error)
{
    g_autofree struct pcap_source *sources = g_new0(struct pcap_source, choice->sources->len + 1);
    for (guint i = 0; i < choice->sources->len; i++) {
        sources[i] = *(struct pcap_source *)choice->sources->pdata[i];
    }
    struct pcapng *out = pcapng_new(fd, path, comment);
    pcapng_names(out, (struct pcapng_name *)(void *)choice->names->data, choice->names->len);
    bool ok = pcap_select(sources, choice->sources->len, out, ret_packets, error);
    return pcapng_close(out, NULL, ok ? error : NULL) && ok;
}

bool cli_capture_save(const cJSON *captures, const struct cli_capture_wish *wish, int fd,
        const char *path, struct cli_capture_saved *ret, GError **error)
{
    struct choice choice = {
            .sources = g_ptr_array_new_with_free_func(source_free),
            .names = g_array_new(FALSE, FALSE, sizeof(struct pcapng_name)),
    };
    bool ok = choose_time(captures, wish, &choice, error) &&
              choose_files(captures, wish, &choice, error);
    if (ok) {
        choose_names(captures, &choice);
        g_autofree char *comment = comment_of(&choice, wish);
        ret->from_us = choice.from_us;
        ret->to_us = choice.to_us;
        ret->networks = choice.sources->len;
        ok = write_packets(&choice, comment, fd, path, &ret->packets, error);
    } else {
        close(fd);
    }
    g_ptr_array_unref(choice.sources);
    g_array_unref(choice.names);
    return ok;
}
