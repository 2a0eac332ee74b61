/* fake_team.h - the part of the fake exercise in which teams and the white cell write, and the clock
 * stands alone; included by fake_exercise.h. */
#pragma once

bool exercise_has_team(const struct exercise *exercise, const char *team, GError **error)
{
    (void)exercise;
    bool known = !strcmp(team, "blue1") || !strcmp(team, "blue2");
    if (!known) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_NOT_FOUND, "no team \"%s\"", team);
    }
    return known;
}

bool exercise_message_from(struct exercise *exercise, const char *team, const char *text,
        const char *who, GError **error)
{
    (void)error;
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "from", "team");
    cJSON_AddStringToObject(body, "text", text);
    cJSON_AddStringToObject(body, "by", who);
    fake_record(exercise, "message.sent", team, "drill", body);
    return true;
}

bool exercise_note(struct exercise *exercise, const char *text, gint64 about_us, const char *who,
        GError **error)
{
    (void)error;
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "text", text);
    json_add_int(body, "about_us", about_us);
    cJSON_AddStringToObject(body, "by", who);
    fake_record(exercise, "operator.note", NULL, "drill", body);
    return true;
}

bool exercise_pause_clock(struct exercise *exercise, const char *who, GError **error)
{
    (void)error;
    exercise->state = "paused";
    return fake_act(exercise, "pause-clock", who, NULL);
}
