/* export_ccs.c - an event feed of the ICPC Contest API (2023-06), for boards and tools that read it.
 *
 * A drill is told as a contest: each attack step is a problem, each team that was attacked has one
 * submission a run of it, and the judgement says how it ended: AC it was blocked, WA it took effect,
 * NE it had none, JE the range failed.
 */
#include "report/export_internal.h"

#include "base/json.h"

#include <string.h>

struct feed {
    const cJSON *document;
    GString *out;
    gint64 token;
};

/* data is consumed; id NULL for those that exist once. */
static void add(struct feed *feed, const char *type, const char *id, cJSON *data)
{
    auto_json line = cJSON_CreateObject();
    g_autofree char *token = g_strdup_printf("%" G_GINT64_FORMAT, ++feed->token);
    cJSON_AddStringToObject(line, "token", token);
    cJSON_AddStringToObject(line, "type", type);
    if (id) {
        cJSON_AddStringToObject(line, "id", id);
    } else {
        cJSON_AddNullToObject(line, "id");
    }
    cJSON_AddItemToObject(line, "data", data);
    g_autofree char *text = json_text(line);
    g_string_append_printf(feed->out, "%s\n", text);
}

static cJSON *with_id(const char *id)
{
    cJSON *data = cJSON_CreateObject();
    cJSON_AddStringToObject(data, "id", id);
    return data;
}

/* Identifiers have only letters, digits, '_', '-' and '.', at most 36, the first no '-' or '.'. */
static char *identifier(const char *text)
{
    char *id = g_strndup(text, 36);
    for (char *c = id; *c; c++) {
        if (!g_ascii_isalnum(*c) && *c != '_' && *c != '-' && *c != '.') {
            *c = '_';
        }
    }
    if (!*id || *id == '-' || *id == '.') {
        g_free(id);
        id = g_strdup("_");
    }
    return id;
}

static void add_contest(struct feed *feed)
{
    const cJSON *exercise = json_object(feed->document, "exercise");
    g_autofree char *id = identifier(json_string(exercise, "name", ""));
    g_autofree char *start = export_time(json_int(exercise, "started_us", 0));
    g_autofree char *length = export_contest_time(json_int(exercise, "duration_us", 0));
    cJSON *data = with_id(id);
    cJSON_AddStringToObject(data, "name", json_string(exercise, "title", ""));
    cJSON_AddStringToObject(data, "start_time", start);
    cJSON_AddStringToObject(data, "duration", length);
    cJSON_AddStringToObject(data, "scoreboard_type", "pass-fail");
    json_add_int(data, "penalty_time", 0);
    add(feed, "contest", NULL, data);
}

static void add_types(struct feed *feed)
{
    static const struct {
        const char *id, *name;
        bool solved;
    } types[] = {{"AC", "blocked", true}, {"WA", "took effect", false}, {"NE", "no effect", false},
            {"JE", "range fault", false}};
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
        cJSON *data = with_id(types[i].id);
        cJSON_AddStringToObject(data, "name", types[i].name);
        cJSON_AddBoolToObject(data, "penalty", false);
        cJSON_AddBoolToObject(data, "solved", types[i].solved);
        add(feed, "judgement-types", types[i].id, data);
    }
    cJSON *language = with_id("defence");
    cJSON_AddStringToObject(language, "name", "Defence");
    cJSON_AddFalseToObject(language, "entry_point_required");
    cJSON_AddArrayToObject(language, "extensions");
    add(feed, "languages", "defence", language);
}

static const char *type_of(const char *verdict)
{
    return !strcmp(verdict, "blocked")  ? "AC"
           : !strcmp(verdict, "effect") ? "WA"
           : !strcmp(verdict, "inert")  ? "NE"
                                        : "JE";
}

static bool is_told(const cJSON *run)
{
    return strcmp(json_string(run, "verdict", "skipped"), "skipped") != 0 &&
           !json_bool(run, "void", false);
}

/* A letter a step, in the order in which they first ran. */
static GPtrArray *add_problems(struct feed *feed)
{
    GPtrArray *names = g_ptr_array_new();
    const cJSON *run = NULL;
    cJSON_ArrayForEach(run, json_array(feed->document, "steps"))
    {
        const char *name = json_string(run, "step", "");
        if (!is_told(run) || g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL)) {
            continue;
        }
        g_autofree char *id = identifier(name);
        g_autofree char *label = names->len < 26
                                         ? g_strdup_printf("%c", (char)('A' + (int)names->len))
                                         : g_strdup_printf("S%u", names->len + 1);
        cJSON *data = with_id(id);
        cJSON_AddStringToObject(data, "label", label);
        cJSON_AddStringToObject(data, "name", json_string(run, "title", name));
        json_add_int(data, "ordinal", names->len);
        json_add_int(data, "time_limit", 0); /* none of the contest's kind */
        json_add_int(data, "test_data_count", 1);
        add(feed, "problems", id, data);
        g_ptr_array_add(names, (gpointer)name);
    }
    return names;
}

static bool is_attacked(const cJSON *document, const char *team)
{
    const cJSON *run = NULL;
    cJSON_ArrayForEach(run, json_array(document, "steps"))
    {
        if (is_told(run) && !strcmp(json_string(run, "team", ""), team)) {
            return true;
        }
    }
    return false;
}

static void add_teams(struct feed *feed)
{
    const cJSON *row = NULL;
    cJSON_ArrayForEach(row, json_array(json_object(feed->document, "score"), "teams"))
    {
        const char *team = json_string(row, "team", "");
        const char *title = json_string(row, "title", "");
        if (!is_attacked(feed->document, team)) {
            continue;
        }
        g_autofree char *id = identifier(team);
        cJSON *data = with_id(id);
        cJSON_AddStringToObject(data, "label", team);
        cJSON_AddStringToObject(data, "name", *title ? title : team);
        add(feed, "teams", id, data);
    }
}

static void add_run(struct feed *feed, const cJSON *run)
{
    gint64 from_us = json_int(run, "started_us", 0);
    gint64 to_us = json_int(run, "ended_us", from_us);
    gint64 wall_us = json_int(run, "wall_us", 0);
    g_autofree char *id = g_strdup_printf("e%" G_GINT64_FORMAT, json_int(run, "start_seq", 0));
    g_autofree char *team = identifier(json_string(run, "team", ""));
    g_autofree char *step = identifier(json_string(run, "step", ""));
    g_autofree char *time = export_time(wall_us);
    g_autofree char *end_time = export_time(wall_us + to_us - from_us);
    g_autofree char *contest_time = export_contest_time(from_us);
    g_autofree char *end_contest_time = export_contest_time(to_us);

    cJSON *data = with_id(id);
    cJSON_AddStringToObject(data, "language_id", "defence");
    cJSON_AddStringToObject(data, "problem_id", step);
    cJSON_AddStringToObject(data, "team_id", team);
    cJSON_AddStringToObject(data, "time", time);
    cJSON_AddStringToObject(data, "contest_time", contest_time);
    cJSON_AddArrayToObject(data, "files");
    add(feed, "submissions", id, data);

    data = with_id(id);
    cJSON_AddStringToObject(data, "submission_id", id);
    cJSON_AddStringToObject(data, "judgement_type_id", type_of(json_string(run, "verdict", "")));
    cJSON_AddStringToObject(data, "start_time", time);
    cJSON_AddStringToObject(data, "start_contest_time", contest_time);
    cJSON_AddStringToObject(data, "end_time", end_time);
    cJSON_AddStringToObject(data, "end_contest_time", end_contest_time);
    add(feed, "judgements", id, data);
}

static void add_state(struct feed *feed)
{
    const cJSON *exercise = json_object(feed->document, "exercise");
    g_autofree char *start = export_time(json_int(exercise, "started_us", 0));
    g_autofree char *end = export_time(json_int(exercise, "ended_us", 0));
    bool is_over = json_string(exercise, "end_by", NULL) != NULL;
    static const char *const never[] = {"frozen", "thawed"};
    static const char *const at_end[] = {"ended", "finalized", "end_of_updates"};
    cJSON *data = cJSON_CreateObject();
    cJSON_AddStringToObject(data, "started", start);
    for (gsize i = 0; i < G_N_ELEMENTS(never); i++) {
        cJSON_AddNullToObject(data, never[i]);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(at_end); i++) {
        if (is_over) {
            cJSON_AddStringToObject(data, at_end[i], end);
        } else {
            cJSON_AddNullToObject(data, at_end[i]);
        }
    }
    add(feed, "state", NULL, data);
}

char *export_ccs(const cJSON *document)
{
    struct feed feed = {.document = document, .out = g_string_new(NULL)};
    add_contest(&feed);
    add_types(&feed);
    g_ptr_array_unref(add_problems(&feed));
    add_teams(&feed);
    const cJSON *run = NULL;
    cJSON_ArrayForEach(run, json_array(document, "steps"))
    {
        if (is_told(run)) {
            add_run(&feed, run);
        }
    }
    add_state(&feed);
    return g_string_free(feed.out, FALSE);
}
