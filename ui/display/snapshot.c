/* snapshot.c - a model's changing part written and read, field by field in one order. */
#include "snapshot.h"

#include "model_private.h"

#include <string.h>

struct pen { /* writes when out is set, else reads from data */
    GByteArray *out;
    const guint8 *data;
    gsize left;
    bool bad;
};

static void pass(struct pen *pen, void *value, gsize size)
{
    if (pen->out) {
        g_byte_array_append(pen->out, value, (guint)size);
    } else if (pen->bad || pen->left < size) {
        pen->bad = true;
        memset(value, 0, size);
    } else {
        memcpy(value, pen->data, size);
        pen->data += size;
        pen->left -= size;
    }
}

static void pass_text(struct pen *pen, char **text)
{
    guint32 length = pen->out ? (guint32)strlen(*text) : 0;
    pass(pen, &length, sizeof length);
    if (pen->out) {
        g_byte_array_append(pen->out, (const guint8 *)*text, length);
        return;
    }
    g_free(*text);
    *text = NULL;
    if (pen->bad || pen->left < length) {
        pen->bad = true;
    } else {
        *text = g_strndup((const char *)pen->data, length);
        pen->data += length;
        pen->left -= length;
    }
    *text = *text ? *text : g_strdup("");
}

/* How many items follow; when reading, no more than there can be. */
static guint pass_count(struct pen *pen, guint count, guint max)
{
    guint32 value = count;
    pass(pen, &value, sizeof value);
    if (value > max) {
        pen->bad = true;
        return 0;
    }
    return pen->bad ? 0 : value;
}

static bool one_of(int index, guint count)
{
    return index >= -1 && (index < 0 || (guint)index < count);
}

static void pass_status(struct pen *pen, enum status *status)
{
    guint8 value = (guint8)*status;
    pass(pen, &value, 1);
    *status = value <= STATUS_HELD ? (enum status)value : STATUS_UNKNOWN;
}

static void pass_head(struct pen *pen, struct model *model)
{
    gint32 state = (gint32)model->state;
    pass(pen, &state, sizeof state);
    model->state = (enum model_state)CLAMP(state, MODEL_NONE, MODEL_DOWN);
    pass(pen, &model->seq, sizeof model->seq);
    pass(pen, &model->at_us, sizeof model->at_us);
    pass(pen, &model->wall_us, sizeof model->wall_us);
    pass(pen, &model->round, sizeof model->round);
    pass(pen, model->code, sizeof model->code);
    model->code[sizeof model->code - 1] = '\0';
    guint8 clock_only = model->clock_only;
    pass(pen, &clock_only, 1);
    model->clock_only = clock_only != 0;
    guint8 frozen = model->frozen;
    pass(pen, &frozen, 1);
    model->frozen = frozen != 0;
    pass(pen, &model->frozen_us, sizeof model->frozen_us);
    pass(pen, &model->frozen_seq, sizeof model->frozen_seq);
}

static void pass_machines(struct pen *pen, struct model *model)
{
    guint count = pass_count(pen, model->machines->len, model->machines->len);
    for (guint i = 0; i < count; i++) {
        struct model_machine *machine = model->machines->pdata[i];
        pass_status(pen, &machine->status);
        pass(pen, machine->state, sizeof machine->state);
        pass(pen, machine->struck, sizeof machine->struck);
        machine->state[sizeof machine->state - 1] = '\0';
        machine->struck[sizeof machine->struck - 1] = '\0';
    }
}

static void pass_cells(struct pen *pen, struct model *model)
{
    guint all = model->services->len * model->teams->len;
    guint count = pass_count(pen, all, all);
    for (guint i = 0; i < count; i++) {
        struct model_cell *cell = model->cells + i;
        guint8 exists = cell->exists;
        pass(pen, &exists, 1);
        cell->exists = exists != 0;
        pass_status(pen, &cell->status);
        pass(pen, &cell->passed, sizeof cell->passed);
        pass(pen, &cell->failed, sizeof cell->failed);
        pass(pen, &cell->history, sizeof cell->history);
        pass(pen, &cell->checks, sizeof cell->checks);
        pass(pen, &cell->at_us, sizeof cell->at_us);
    }
}

static void pass_injects(struct pen *pen, struct model *model)
{
    guint count = pass_count(pen, model->injects->len, MODEL_INJECTS_MAX);
    if (!pen->out && count < model->injects->len) { /* some were made later */
        g_ptr_array_set_size(model->injects, (gint)count);
    }
    for (guint i = 0; i < count; i++) {
        struct model_inject *inject =
                i < model->injects->len ? model->injects->pdata[i] : model_inject_add(model);
        pass_text(pen, &inject->id);
        pass_text(pen, &inject->title);
        pass_text(pen, &inject->step);
        pass(pen, &inject->team, sizeof inject->team);
        pen->bad |= !one_of(inject->team, model->teams->len);
        pass(pen, &inject->planned_us, sizeof inject->planned_us);
        pass(pen, &inject->approvals, sizeof inject->approvals);
        pass(pen, &inject->missing, sizeof inject->missing);
        guint8 added = inject->added;
        pass(pen, &added, 1);
        inject->added = added != 0;
        pass_text(pen, &inject->state);
        pass_text(pen, &inject->by);
        pass(pen, &inject->fired_us, sizeof inject->fired_us);
    }
}

/* A flat array, field by field: what lies between fields is nobody's. */
static void pass_array(struct pen *pen, GArray *array, guint max,
        void (*pass_item)(struct pen *pen, gpointer item))
{
    guint count = pass_count(pen, array->len, max);
    if (!pen->out) {
        g_array_set_size(array, count);
    }
    for (guint i = 0; i < count; i++) {
        pass_item(pen, array->data + (gsize)i * g_array_get_element_size(array));
    }
}

static void pass_attack(struct pen *pen, gpointer item)
{
    struct model_attack *attack = item;
    pass(pen, &attack->step, sizeof attack->step);
    pass(pen, &attack->team, sizeof attack->team);
    pass(pen, &attack->from, sizeof attack->from);
    pass(pen, &attack->to, sizeof attack->to);
    pass(pen, &attack->state, sizeof attack->state);
    pass(pen, attack->verdict, sizeof attack->verdict);
    pass(pen, &attack->since_us, sizeof attack->since_us);
}

static void pass_impairment(struct pen *pen, gpointer item)
{
    struct model_impairment *link = item;
    guint8 down = link->down;
    pass(pen, &link->machine, sizeof link->machine);
    pass(pen, &link->network, sizeof link->network);
    pass(pen, &down, 1);
    link->down = down != 0;
    pass(pen, link->asked, sizeof link->asked);
    pass(pen, link->achieved, sizeof link->achieved);
    pass(pen, link->verdict, sizeof link->verdict);
}

static void pass_mark(struct pen *pen, gpointer item)
{
    struct model_mark *mark = item;
    pass(pen, &mark->at_us, sizeof mark->at_us);
    pass(pen, &mark->tone, sizeof mark->tone);
    guint8 open = mark->open;
    pass(pen, &open, 1);
    mark->open = open != 0;
}

/* What came from a file may point anywhere. */
static void check_flat(struct pen *pen, const struct model *model)
{
    for (guint i = 0; i < model->attacks->len; i++) {
        struct model_attack *attack = &g_array_index(model->attacks, struct model_attack, i);
        attack->verdict[sizeof attack->verdict - 1] = '\0';
        pen->bad |= attack->step < 0 || !one_of(attack->step, model->steps->len) ||
                    !one_of(attack->team, model->teams->len) ||
                    !one_of(attack->from, model->machines->len) ||
                    !one_of(attack->to, model->machines->len) ||
                    (guint)attack->state > ATTACK_INERT;
    }
    for (guint i = 0; i < model->impairments->len; i++) {
        struct model_impairment *link =
                &g_array_index(model->impairments, struct model_impairment, i);
        link->asked[sizeof link->asked - 1] = link->achieved[sizeof link->achieved - 1] = '\0';
        link->verdict[sizeof link->verdict - 1] = '\0';
        pen->bad |= !model_machine_at(model, link->machine) || link->network < 0 ||
                    !one_of(link->network, model->networks->len);
    }
    for (guint i = 0; i < model->marks->len; i++) {
        pen->bad |= (guint)g_array_index(model->marks, struct model_mark, i).tone > TONE_BLOCK;
    }
    if (pen->bad) {
        g_array_set_size(model->attacks, 0);
        g_array_set_size(model->impairments, 0);
        g_array_set_size(model->marks, 0);
    }
}

static void pass_alarms(struct pen *pen, struct model *model)
{
    guint count = pass_count(pen, model->alarms->len, 200);
    for (guint i = 0; i < count; i++) {
        struct model_alarm *alarm = pen->out ? model->alarms->pdata[i] : model_alarm_add(model);
        pass_text(pen, &alarm->alarm);
        pass_text(pen, &alarm->subject);
        pass_text(pen, &alarm->text);
        pass_text(pen, &alarm->owner);
        pass(pen, &alarm->at_us, sizeof alarm->at_us);
    }
}

static void pass_messages(struct pen *pen, struct model *model)
{
    guint count = pass_count(pen, model->messages->len, MODEL_MESSAGES_MAX);
    for (guint i = 0; i < count; i++) {
        struct model_message *message =
                pen->out ? model->messages->pdata[i] : model_message_add(model);
        guint8 from_team = message->from_team;
        pass(pen, &from_team, 1);
        message->from_team = from_team != 0;
        pass(pen, &message->team, sizeof message->team);
        pen->bad |= !one_of(message->team, model->teams->len);
        pass_text(pen, &message->text);
        pass_text(pen, &message->by);
        pass(pen, &message->seq, sizeof message->seq);
        pass(pen, &message->at_us, sizeof message->at_us);
    }
}

static void pass_notes(struct pen *pen, struct model *model)
{
    guint count = pass_count(pen, model->notes->len, MODEL_NOTES_MAX);
    for (guint i = 0; i < count; i++) {
        struct model_note *note = pen->out ? model->notes->pdata[i] : model_note_add(model);
        pass(pen, &note->about_us, sizeof note->about_us);
        pass(pen, &note->seq, sizeof note->seq);
        pass_text(pen, &note->text);
        pass_text(pen, &note->by);
    }
}

static void pass_feed(struct pen *pen, struct model *model)
{
    guint count = pass_count(pen, model->feed.length, MODEL_FEED_MAX);
    GList *item = model->feed.head;
    for (guint i = 0; i < count; i++) {
        struct model_line *line = pen->out ? item->data : g_new0(struct model_line, 1);
        guint8 tone = (guint8)line->tone;
        pass(pen, &tone, 1);
        line->tone = tone <= TONE_NOTE ? (enum tone)tone : TONE_PLAIN;
        guint8 private = line->private;
        pass(pen, &private, 1);
        line->private = private != 0;
        pass(pen, &line->seq, sizeof line->seq);
        pass(pen, &line->at_us, sizeof line->at_us);
        pass(pen, &line->team, sizeof line->team);
        pass_text(pen, &line->text);
        if (pen->out) {
            item = item->next;
        } else {
            g_queue_push_tail(&model->feed, line);
        }
    }
}

static void pass_all(struct pen *pen, struct model *model)
{
    pass_head(pen, model);
    pass_machines(pen, model);
    pass_cells(pen, model);
    pass_injects(pen, model);
    pass_array(pen, model->attacks, 1024, pass_attack);
    pass_array(pen, model->impairments, MODEL_LINKS_MAX, pass_impairment);
    pass_array(pen, model->marks, MODEL_MARKS_MAX, pass_mark);
    pass_alarms(pen, model);
    pass_messages(pen, model);
    pass_notes(pen, model);
    pass_feed(pen, model);
}

GBytes *snapshot_make(const struct model *model)
{
    struct pen pen = {.out = g_byte_array_new()};
    pass_all(&pen, (struct model *)model); /* writing changes nothing in it */
    return g_byte_array_free_to_bytes(pen.out);
}

bool snapshot_take(struct model *model, GBytes *bytes)
{
    gsize size = 0;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    struct pen pen = {.data = data, .left = size};
    g_ptr_array_set_size(model->alarms, 0);
    g_ptr_array_set_size(model->messages, 0);
    g_ptr_array_set_size(model->notes, 0);
    model_feed_clear(model);
    g_clear_pointer(&model->score, score_free);
    pass_all(&pen, model);
    check_flat(&pen, model);
    model_touch(model, ~0U);
    return !pen.bad && pen.left == 0;
}
