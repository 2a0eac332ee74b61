/* tales.h - what a ledger tells of an exercise, and how two of them must agree. For
 * test_resume.c and test_resume_net.c.
 */
#pragma once

#include "scenario/lives.h"

/* ---- what must be true afterwards ------------------------------------------------------------ */

struct tale {           /* what a ledger tells */
    GHashTable *counts; /* "inject ID fired", "note TEXT", "round SERVICE N STATUS" … → count */
    GHashTable *verdicts; /* step → verdict */
    gint64 events, last_at_us;
    int interrupted; /* verdicts that are fault */
    gint64 points;   /* of verdicts */
};

static int count(const struct tale *tale, const char *key)
{
    return GPOINTER_TO_INT(g_hash_table_lookup(tale->counts, key));
}

static void add(struct tale *tale, char *key)
{
    g_hash_table_insert(tale->counts, key, GINT_TO_POINTER(count(tale, key) + 1));
}

static void tell(struct tale *tale, const struct event *event)
{
    auto_json body = cJSON_Parse(event->body);
    const char *state = json_string(body, "state", "");
    if (event->at_us < tale->last_at_us) {
        fail_msg("event %d: the clock went back", (int)event->seq);
    }
    tale->events++;
    tale->last_at_us = event->at_us;
    if (!strcmp(event->kind, "inject.state")) {
        add(tale, g_strdup_printf("inject %s %s", event->subject, state));
    } else if (!strcmp(event->kind, "step.verdict")) {
        const char *verdict = json_string(body, "verdict", "");
        add(tale, g_strdup_printf("verdict %s", event->subject));
        g_hash_table_insert(tale->verdicts, g_strdup(event->subject), g_strdup(verdict));
        tale->interrupted += strstr(json_string(body, "reason", ""), "interrupted") != NULL;
        tale->points += !strcmp(verdict, "effect") ? 10 : !strcmp(verdict, "blocked") ? 7 : 0;
    } else if (!strcmp(event->kind, "note")) {
        add(tale, g_strdup_printf("note %s", json_string(body, "text", "")));
    } else if (g_str_has_prefix(event->kind, "check.")) {
        add(tale, g_strdup_printf("round %s %d %s", event->subject, (int)json_int(body, "round", 0),
                          event->kind));
    } else if (!strcmp(event->kind, "operator.action")) {
        add(tale, g_strdup_printf("action %s", json_string(body, "action", "")));
    } else if (g_str_has_prefix(event->kind, "resource.")) {
        add(tale, g_strdup_printf("%s %s", event->kind, event->subject));
    } else if (!strcmp(event->kind, "player.action")) {
        add(tale, g_strdup_printf("player %s %s", event->subject, json_string(body, "action", "")));
    } else if (!strcmp(event->kind, "exercise.state")) {
        add(tale, g_strdup_printf("state %s", state));
    } else if (g_str_has_prefix(event->kind, "checkpoint.")) {
        add(tale, g_strdup(event->kind + strlen("checkpoint.")));
    }
}

static struct tale read_tale(const char *path)
{
    struct tale tale = {
            .counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
            .verdicts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
    };
    struct ledger_reader *reader = ledger_reader_open(path, NULL);
    assert_non_null(reader);
    struct event *event = NULL;
    while (ledger_reader_next(reader, &event, NULL) == 1) {
        tell(&tale, event);
        event_free(event);
    }
    ledger_reader_close(reader);
    return tale;
}

static void tale_clear(struct tale *tale)
{
    g_hash_table_unref(tale->counts);
    g_hash_table_unref(tale->verdicts);
}

/* Where and what, in a message of its own for each N. */
#define AGREE(condition, ...)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            g_autofree char *what = g_strdup_printf(__VA_ARGS__);                                  \
            fail_msg("killed at event %d%s: %s", (int)n, power_cut ? ", power cut" : "", what);    \
        }                                                                                          \
    } while (0)

/* Each of these as often as in the exercise that nobody killed. */
G_GNUC_UNUSED static void compare_counts(
        const struct tale *was, const struct tale *is, gint64 n, bool power_cut)
{
    static const char *const exact[] = {"inject", "verdict", "round", "action", NULL};
    GHashTableIter iter;
    gpointer key = NULL;
    gpointer value = NULL;
    const struct tale *const both[] = {was, is};
    for (int i = 0; i < 2; i++) {
        g_hash_table_iter_init(&iter, both[i]->counts);
        while (g_hash_table_iter_next(&iter, &key, &value)) {
            g_auto(GStrv) words = g_strsplit(key, " ", 2);
            bool end = g_str_has_suffix(key, " done") || g_str_has_suffix(key, " skipped");
            bool timeline = !strcmp(key, "note it begins") || !strcmp(key, "note soon over");
            if ((g_strv_contains(exact, words[0]) && !end) || timeline) {
                AGREE(count(was, key) == count(is, key), "%s: %d times, not %d", (char *)key,
                        count(is, key), count(was, key));
            }
        }
    }
}

/* Each round of each service once, whatever it found. */
G_GNUC_UNUSED static void compare_rounds(
        const struct tale *was, const struct tale *is, gint64 n, bool power_cut)
{
    static const char *const ends[] = {"check.ok", "check.down", "check.fault"};
    GHashTableIter iter;
    gpointer key = NULL;
    g_hash_table_iter_init(&iter, was->counts);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        int times = 0;
        g_auto(GStrv) words = g_strsplit(key, " ", 4);
        for (gsize i = 0; !strcmp(words[0], "round") && i < G_N_ELEMENTS(ends); i++) {
            g_autofree char *one = g_strjoin(" ", words[0], words[1], words[2], ends[i], NULL);
            times += count(is, one);
        }
        AGREE(strcmp(words[0], "round") != 0 || times == 1, "%s: %d times", (char *)key, times);
    }
}

/* Every inject has come to an end, once. */
G_GNUC_UNUSED static void compare_ends(
        const struct tale *was, const struct tale *is, gint64 n, bool power_cut)
{
    GHashTableIter iter;
    gpointer key = NULL;
    g_hash_table_iter_init(&iter, was->counts);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        if (g_str_has_prefix(key, "inject ") && g_str_has_suffix(key, " fired")) {
            g_autofree char *stem = g_strndup(key, strlen(key) - strlen("fired"));
            g_autofree char *done = g_strconcat(stem, "done", NULL);
            g_autofree char *skipped = g_strconcat(stem, "skipped", NULL);
            AGREE(count(is, done) + count(is, skipped) == 1, "%send: %d done, %d skipped", stem,
                    count(is, done), count(is, skipped));
        }
        if (g_str_has_prefix(key, "resource.opening ")) {
            g_autofree char *closed = g_strconcat(
                    "resource.closed ", (char *)key + strlen("resource.opening "), NULL);
            AGREE(count(is, key) == 1 && count(is, closed) == 1, "%s %d, closed %d", (char *)key,
                    count(is, key), count(is, closed));
        }
    }
}

G_GNUC_UNUSED static gint64 number_of(const char *path, const char *name)
{
    g_autofree char *text = NULL;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    auto_json score = cJSON_Parse(text);
    gint64 sum = 0;
    const cJSON *team = NULL;
    cJSON_ArrayForEach(team, json_array(score, "teams"))
    {
        sum += json_int(json_object(team, "columns"), name, 0);
    }
    return sum;
}

/* The engine's own standings are those that the ledger gives. */
G_GNUC_UNUSED static void compare_fold(
        const char *ledger, const char *score_path, gint64 n, bool power_cut)
{
    struct resume *fold = resume_read(ledger, NULL);
    assert_non_null(fold);
    auto_json score = score_to_json(fold->score, true);
    g_autofree char *text = json_text(score);
    g_autofree char *live = NULL;
    assert_true(g_file_get_contents(score_path, &live, NULL, NULL));
    AGREE(!strcmp(text, live), "the score is not the ledger's:\n%s\n%s", live, text);
    GHashTableIter iter;
    gpointer subject = NULL;
    g_hash_table_iter_init(&iter, fold->open);
    AGREE(fold->down, "it is not down");
    AGREE(!g_hash_table_iter_next(&iter, &subject, NULL), "%s is open", (char *)subject);
    resume_free(fold);
    struct ledger_report report = {0};
    AGREE(ledger_verify(ledger, &report, NULL), "%s", report.reason);
    ledger_report_clear(&report);
}
