/* exercise_white.c - what the white cell may do besides: skip an inject, write to teams, keep notes
 * of its own, take an alarm on. */
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "run/run.h"

#include <string.h>

static bool is_over(const struct exercise *exercise, const char *what, GError **error)
{
    if (!exercise->ending) {
        return false;
    }
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "cannot %s: the exercise is %s",
            what, exercise_state_name(exercise->state));
    return true;
}

bool exercise_skip(struct exercise *exercise, const char *id, const char *who, GError **error)
{
    struct run_inject *inject = run_inject_find(exercise, id, error);
    if (!inject || is_over(exercise, "skip", error)) {
        return false;
    }
    if (inject->state != INJECT_SCHEDULED && inject->state != INJECT_HELD) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED,
                "cannot skip inject %s: it is %s", id, run_inject_state_name(inject->state));
        return false;
    }
    clock_cancel(exercise->options.clock, inject->timer);
    run_action(exercise, "skip", who, "inject", id);
    run_inject_set(inject, INJECT_SKIPPED, who);
    return true;
}

bool exercise_has_team(const struct exercise *exercise, const char *team, GError **error)
{
    int index = -1;
    return run_team_find(exercise, team, &index, error);
}

struct letter {
    const char *from; /* white or team */
    const char *team; /* at the other end; NULL: all */
    const char *text, *who;
};

/* A team cannot bury what the others write. */
static bool may_write(struct exercise *exercise, int team, GError **error)
{
    gint64 wait_us = rate_take(&exercise->teams[team].letters, EXERCISE_LETTERS_A_MINUTE,
            60 * (gint64)G_USEC_PER_SEC, g_get_monotonic_time());
    if (wait_us > 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_TIMEOUT,
                "a team writes at most %d messages a minute; the next one in %d s",
                EXERCISE_LETTERS_A_MINUTE, (int)(wait_us / G_USEC_PER_SEC) + 1);
    }
    return wait_us == 0;
}

static bool send_letter(struct exercise *exercise, const struct letter *letter, GError **error)
{
    int index = -1;
    const char *text = letter->text;
    if (is_over(exercise, "send a message", error) ||
            (letter->team && !run_team_find(exercise, letter->team, &index, error))) {
        return false;
    }
    g_autofree char *clean = text_clean_tail(text, strlen(text), EXERCISE_MESSAGE_MAX);
    if (!*g_strstrip(clean)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "the message has no text");
        return false;
    }
    if (!strcmp(letter->from, "team") && !may_write(exercise, index, error)) {
        return false;
    }
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "from", letter->from);
    cJSON_AddStringToObject(body, "text", clean);
    cJSON_AddStringToObject(body, "by", letter->who);
    run_record(exercise, "message.sent", index, exercise->options.plan->name, body);
    return true;
}

bool exercise_message(struct exercise *exercise, const char *team, const char *text,
        const char *who, GError **error)
{
    struct letter letter = {"white", team, text, who};
    return send_letter(exercise, &letter, error);
}

bool exercise_message_from(struct exercise *exercise, const char *team, const char *text,
        const char *who, GError **error)
{
    struct letter letter = {"team", team, text, who};
    return send_letter(exercise, &letter, error);
}

bool exercise_note(struct exercise *exercise, const char *text, gint64 about_us, const char *who,
        GError **error)
{
    gint64 now_us = clock_now(exercise->options.clock);
    if (is_over(exercise, "write a note", error)) {
        return false;
    }
    if (about_us > now_us) {
        g_autofree char *now = text_clock(now_us);
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "a note is about a moment that was: it is %s now", now);
        return false;
    }
    g_autofree char *clean = text_clean_tail(text, strlen(text), EXERCISE_MESSAGE_MAX);
    if (!*g_strstrip(clean)) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "the note has no text");
        return false;
    }
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "text", clean);
    json_add_int(body, "about_us", about_us < 0 ? now_us : about_us);
    cJSON_AddStringToObject(body, "by", who);
    run_record(exercise, "operator.note", -1, exercise->options.plan->name, body);
    return true;
}

bool exercise_acknowledge(struct exercise *exercise, const char *alarm, const char *subject,
        const char *who, GError **error)
{
    const cJSON *found = NULL;
    for (guint i = 0; i < exercise->alarms->len && !found; i++) {
        const cJSON *open = g_ptr_array_index(exercise->alarms, i);
        bool same = !strcmp(json_string(open, "alarm", ""), alarm) &&
                    !strcmp(json_string(open, "subject", ""), subject);
        found = same ? open : NULL;
    }
    if (!found) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND,
                "no alarm %s about \"%s\" is open; `sandtable status` lists them", alarm, subject);
        return false;
    }
    int team = -1;
    const char *id = json_string(found, "team", "");
    if (*id && !run_team_find(exercise, id, &team, NULL)) {
        team = -1;
    }
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "alarm", alarm);
    cJSON_AddStringToObject(body, "by", who);
    run_record(exercise, "alarm.acknowledged", team, subject, body);
    return true;
}
