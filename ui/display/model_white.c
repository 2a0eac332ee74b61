/* model_white.c - what the white cell says, keeps and sees: messages, notes, the frozen board, alarms,
 * impaired links. */
#include "model_private.h"

#include "base/json.h"
#include "words.h"

#include <string.h>

#define TEXT_MAX 2048 /* characters of a message */

struct model_message *model_message_add(struct model *model)
{
    struct model_message *message = g_new0(struct model_message, 1);
    message->team = -1;
    g_ptr_array_add(model->messages, message);
    if (model->messages->len > MODEL_MESSAGES_MAX) {
        g_ptr_array_remove_index(model->messages, 0);
    }
    return message;
}

static void take_message(struct model *model, const struct event *event, const cJSON *body)
{
    struct model_message *message = model_message_add(model);
    message->team = model_team_index(model, event->team);
    message->from_team = !strcmp(json_string(body, "from", "white"), "team");
    message->text = g_strdup(json_string(body, "text", ""));
    message->by = g_strdup(json_string(body, "by", ""));
    message->seq = event->seq;
    message->at_us = event->at_us;
    model_clean(&message->text, TEXT_MAX);
    model_clean(&message->by, 40);
}

void model_on_message(struct model *model, const struct event *event, const cJSON *body)
{
    take_message(model, event, body);
    const struct model_message *message = model->messages->pdata[model->messages->len - 1];
    const char *team = *event->team ? model_team_title(model, event->team) : tr("all");
    model_say(model, event, TONE_PLAIN, message->from_team ? tr("%s writes: %s") : tr("To %s: %s"),
            team, message->text);
}

void model_on_note(struct model *model, const struct event *event, const cJSON *body)
{
    take_message(model, event, body);
    model_mark(model, event->at_us, TONE_PLAIN, false);
    const char *text = json_string(body, "text", "");
    if (*event->team) {
        model_say(model, event, TONE_PLAIN, tr("Note to %s: %s"),
                model_team_title(model, event->team), text);
    } else {
        model_say(model, event, TONE_PLAIN, tr("Note: %s"), text);
    }
}

void model_note_free(gpointer data)
{
    struct model_note *note = data;
    g_free(note->text);
    g_free(note->by);
    g_free(note);
}

struct model_note *model_note_add(struct model *model)
{
    struct model_note *note = g_new0(struct model_note, 1);
    g_ptr_array_add(model->notes, note);
    if (model->notes->len > MODEL_NOTES_MAX) {
        g_ptr_array_remove_index(model->notes, 0);
    }
    return note;
}

/* The white cell's own: neither its line in the feed nor its sign is for another view. */
void model_on_private(struct model *model, const struct event *event, const cJSON *body)
{
    struct model_note *note = model_note_add(model);
    note->about_us = CLAMP(json_int(body, "about_us", event->at_us), 0, event->at_us);
    note->seq = event->seq;
    note->text = g_strdup(json_string(body, "text", ""));
    note->by = g_strdup(json_string(body, "by", "?"));
    model_clean(&note->text, TEXT_MAX);
    model_clean(&note->by, 40);
    int s = (int)(note->about_us / G_USEC_PER_SEC);
    if (event->at_us - note->about_us < G_USEC_PER_SEC) {
        model_say(model, event, TONE_NOTE, "⚑ %s: %s", note->by, note->text);
    } else {
        model_say(model, event, TONE_NOTE, "⚑ %s (%d:%02d): %s", note->by, s / 60, s % 60,
                note->text);
    }
    ((struct model_line *)model->feed.head->data)->private = true;
}

void model_on_board(struct model *model, const struct event *event, const cJSON *body)
{
    bool frozen = json_bool(body, "frozen", true);
    if (frozen && !model->frozen) {
        model->frozen_us = event->at_us;
        model->frozen_seq = event->seq;
    }
    model->frozen = frozen;
    model_say(model, event, TONE_PLAIN,
            frozen ? tr("The public board is frozen by %s") : tr("The public board goes on, by %s"),
            json_string(body, "by", "?"));
}

/* ---- alarms -------------------------------------------------------------------------------- */

static int alarm_find(const struct model *model, const char *alarm, const char *subject)
{
    for (guint i = 0; i < model->alarms->len; i++) {
        const struct model_alarm *open = model->alarms->pdata[i];
        if (!strcmp(open->alarm, alarm) && !strcmp(open->subject, subject)) {
            return (int)i;
        }
    }
    return -1;
}

guint64 model_alarm_key(const struct model_alarm *alarm)
{
    guint64 key = (guint64)g_str_hash(alarm->alarm) << 32 | g_str_hash(alarm->subject);
    key ^= (guint64)alarm->at_us * 0x9E3779B97F4A7C15ULL;
    return key ? key : 1;
}

struct model_alarm *model_alarm_add(struct model *model)
{
    struct model_alarm *alarm = g_new0(struct model_alarm, 1);
    g_ptr_array_add(model->alarms, alarm);
    if (model->alarms->len > 200) {
        g_ptr_array_remove_index(model->alarms, 0);
    }
    return alarm;
}

static void alarm_raise(struct model *model, const struct event *event, const cJSON *body)
{
    const char *name = json_string(body, "alarm", "");
    struct model_alarm *alarm = model_alarm_add(model);
    alarm->alarm = g_strdup(name);
    alarm->subject = g_strdup(event->subject);
    alarm->owner = g_strdup("");
    alarm->text = g_strdup(json_string(body, "text", name));
    model_clean(&alarm->alarm, 80);
    model_clean(&alarm->text, 200);
    alarm->at_us = event->at_us;
    model_mark(model, event->at_us, TONE_BAD, false);
    model_say(model, event, TONE_BAD, "⚠ %s", alarm->text);
}

void model_on_alarm(struct model *model, const struct event *event, const cJSON *body)
{
    const char *name = json_string(body, "alarm", "");
    int open = alarm_find(model, name, event->subject);
    if (!strcmp(event->kind, "alarm.acknowledged")) {
        if (open >= 0) {
            struct model_alarm *alarm = model->alarms->pdata[open];
            g_free(alarm->owner);
            alarm->owner = g_strdup(json_string(body, "by", "?"));
            model_clean(&alarm->owner, 40);
            model_say(model, event, TONE_PLAIN, tr("Alarm taken on by %s: %s %s"), alarm->owner,
                    name, event->subject);
        }
        return;
    }
    if (open >= 0) {
        g_ptr_array_remove_index(model->alarms, (guint)open);
    }
    if (!strcmp(event->kind, "alarm.raised")) {
        alarm_raise(model, event, body);
    } else if (open >= 0) {
        model_say(model, event, TONE_GOOD, tr("Alarm cleared: %s %s"), name, event->subject);
    }
}

/* ---- impaired links ------------------------------------------------------------------------ */

static struct model_impairment *link_find(
        struct model *model, const cJSON *body, const char *subject, bool add)
{
    g_auto(GStrv) parts = g_strsplit(subject, ":", 2); /* blue1/web:office */
    int machine =
            model_machine_index(model, json_string(body, "machine", parts[0] ? parts[0] : ""));
    const struct model_machine *where = model_machine_at(model, machine);
    int network = -1;
    for (guint i = 0; where && i < where->networks->len; i++) {
        int index = g_array_index(where->networks, int, i);
        const struct model_network *known = model->networks->pdata[index];
        if (!strcmp(known->id, json_string(body, "network", "")) ||
                (parts[0] && parts[1] && !strcmp(known->name, parts[1]))) {
            network = index;
        }
    }
    if (network < 0) {
        return NULL;
    }
    for (guint i = 0; i < model->impairments->len; i++) {
        struct model_impairment *link =
                &g_array_index(model->impairments, struct model_impairment, i);
        if (link->machine == machine && link->network == network) {
            return link;
        }
    }
    if (!add || model->impairments->len >= MODEL_LINKS_MAX) {
        return NULL;
    }
    struct model_impairment fresh = {.machine = machine, .network = network};
    g_array_append_val(model->impairments, fresh);
    return &g_array_index(model->impairments, struct model_impairment, model->impairments->len - 1);
}

/* "40 ms · 2 % · 5 Mbit/s": the members of I in docs/events.md, shortest form. */
static void tell(const cJSON *wish, GString *out)
{
    static const struct {
        const char *member, *before, *after;
        double unit;
    } parts[] = {{"delay_us", "", " ms", 1e3}, {"jitter_us", "±", " ms", 1e3},
            {"loss_ppm", "", " %", 1e4}, {"duplicate_ppm", WORD("dup "), " %", 1e4},
            {"reorder_ppm", WORD("mix "), " %", 1e4}, {"corrupt_ppm", WORD("bad "), " %", 1e4},
            {"rate_bps", "", " Mbit/s", 1e6}};
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        double value = json_number(wish, parts[i].member, 0);
        if (value > 0 && value < 1e15) {
            char text[40];
            g_ascii_formatd(text, sizeof text, "%.3g", value / parts[i].unit);
            g_string_append_printf(out, "%s%s%s%s", out->len > 0 ? " " : "",
                    tr_name(parts[i].before), text, parts[i].after);
        }
    }
}

void model_on_impaired(struct model *model, const struct event *event, const cJSON *body)
{
    struct model_impairment *link = link_find(model, body, event->subject, true);
    if (!link) {
        return;
    }
    const cJSON *asked = json_object(body, "asked");
    g_autoptr(GString) text = g_string_new(NULL);
    link->down = json_bool(asked, "down", false);
    if (link->down) {
        g_string_append(text, tr("down"));
    } else {
        tell(json_object(asked, "in"), text);
        if (!json_object(asked, "in")) {
            tell(json_object(asked, "out"), text);
        }
    }
    g_strlcpy(link->asked, text->str, sizeof link->asked);
    link->achieved[0] = link->verdict[0] = '\0';
    model_say(model, event, TONE_WARN, tr("Link %s is impaired by %s: %s"), event->subject,
            json_string(body, "by", "?"), text->len ? text->str : "-");
}

void model_on_cleared(struct model *model, const struct event *event, const cJSON *body)
{
    struct model_impairment *link = link_find(model, body, event->subject, false);
    if (link) {
        guint index = (guint)(link - (struct model_impairment *)(void *)model->impairments->data);
        g_array_remove_index(model->impairments, index);
        model_say(model, event, TONE_GOOD, tr("Link %s is left alone again"), event->subject);
    }
}

void model_on_measured(struct model *model, const struct event *event, const cJSON *body)
{
    struct model_impairment *link = link_find(model, body, event->subject, false);
    const char *verdict = json_string(body, "verdict", "");
    if (!link || !event_name_is_valid(verdict)) {
        return;
    }
    g_autoptr(GString) text = g_string_new(NULL);
    tell(json_object(body, "achieved"), text);
    g_strlcpy(link->achieved, text->str, sizeof link->achieved);
    g_strlcpy(link->verdict, verdict, sizeof link->verdict);
    char *end = NULL;
    if (!g_utf8_validate(link->verdict, -1, (const char **)&end)) {
        *end = '\0';
    }
}
