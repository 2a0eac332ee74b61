/* model.c - life of the model, its questions, and the record of scores over time. */
#include "model_private.h"

#include <math.h>
#include <string.h>

#define SAMPLES_MAX 2048
#define LINE_MAX_CHARS 2200 /* of the feed: a message and who wrote it */
#define SAMPLE_GAP_US G_USEC_PER_SEC

static void team_free(gpointer data)
{
    struct model_team *team = data;
    g_free(team->id);
    g_free(team->title);
    g_free(team->role);
    g_array_unref(team->history);
    g_free(team);
}

static void network_free(gpointer data)
{
    struct model_network *network = data;
    g_free(network->id);
    g_free(network->name);
    g_free(network->cidr);
    g_free(network);
}

static void machine_free(gpointer data)
{
    struct model_machine *machine = data;
    g_free(machine->id);
    g_free(machine->name);
    g_free(machine->address);
    g_array_unref(machine->networks);
    g_free(machine);
}

static void service_free(gpointer data)
{
    struct model_service *service = data;
    g_free(service->name);
    g_free(service->title);
    g_free(service->machine);
    g_free(service->group);
    g_free(service);
}

static void step_free(gpointer data)
{
    struct model_step *step = data;
    g_free(step->name);
    g_free(step->title);
    g_free(step->technique);
    g_free(step);
}

static void alarm_free(gpointer data)
{
    struct model_alarm *alarm = data;
    g_free(alarm->alarm);
    g_free(alarm->subject);
    g_free(alarm->text);
    g_free(alarm->owner);
    g_free(alarm);
}

static void message_free(gpointer data)
{
    struct model_message *message = data;
    g_free(message->text);
    g_free(message->by);
    g_free(message);
}

static void line_free(gpointer data)
{
    struct model_line *line = data;
    g_free(line->text);
    g_free(line);
}

static void model_fill(struct model *model)
{
    static guint lives;
    memset(model, 0, sizeof *model);
    model->life = ++lives;
    model->score = score_new();
    model->name = g_strdup("");
    model->title = g_strdup("");
    model->accel = g_strdup("");
    model->teams = g_ptr_array_new_with_free_func(team_free);
    model->networks = g_ptr_array_new_with_free_func(network_free);
    model->machines = g_ptr_array_new_with_free_func(machine_free);
    model->services = g_ptr_array_new_with_free_func(service_free);
    model->steps = g_ptr_array_new_with_free_func(step_free);
    model->injects = g_ptr_array_new_with_free_func(model_inject_free);
    model->alarms = g_ptr_array_new_with_free_func(alarm_free);
    model->messages = g_ptr_array_new_with_free_func(message_free);
    model->notes = g_ptr_array_new_with_free_func(model_note_free);
    model->impairments = g_array_new(FALSE, TRUE, sizeof(struct model_impairment));
    model->attacks = g_array_new(FALSE, TRUE, sizeof(struct model_attack));
    model->marks = g_array_new(FALSE, TRUE, sizeof(struct model_mark));
    g_queue_init(&model->feed);
    model->sample_gap_us = SAMPLE_GAP_US;
}

static void model_drain(struct model *model)
{
    score_free(model->score);
    g_free(model->name);
    g_free(model->title);
    g_free(model->accel);
    g_ptr_array_unref(model->teams);
    g_ptr_array_unref(model->networks);
    g_ptr_array_unref(model->machines);
    g_ptr_array_unref(model->services);
    g_ptr_array_unref(model->steps);
    g_ptr_array_unref(model->injects);
    g_ptr_array_unref(model->alarms);
    g_ptr_array_unref(model->messages);
    g_ptr_array_unref(model->notes);
    g_array_unref(model->impairments);
    g_array_unref(model->attacks);
    g_array_unref(model->marks);
    g_queue_clear_full(&model->feed, line_free);
    g_free(model->cells);
}

void model_feed_clear(struct model *model)
{
    g_queue_clear_full(&model->feed, line_free);
}

struct model *model_new(void)
{
    struct model *model = g_new0(struct model, 1);
    model_fill(model);
    return model;
}

void model_free(struct model *model)
{
    if (model) {
        model_drain(model);
        g_free(model);
    }
}

void model_reset(struct model *model)
{
    model_drain(model);
    model_fill(model);
}

void model_say(
        struct model *model, const struct event *event, enum tone tone, const char *format, ...)
{
    struct model_line *line = g_new0(struct model_line, 1);
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    line->text = g_utf8_substring(valid, 0, MIN(g_utf8_strlen(valid, -1), LINE_MAX_CHARS));
    g_strdelimit(line->text, "\n\t\r", ' ');
    line->tone = tone;
    line->seq = event->seq;
    line->at_us = event->at_us;
    line->team = model_team_index(model, event->team);
    g_queue_push_head(&model->feed, line);
    if (model->feed.length > MODEL_FEED_MAX) {
        line_free(g_queue_pop_tail(&model->feed));
    }
}

void model_mark(struct model *model, gint64 at_us, enum tone tone, bool open)
{
    struct model_mark mark = {at_us, tone, open};
    if (model->marks->len >= MODEL_MARKS_MAX) {
        g_array_remove_range(model->marks, 0, MODEL_MARKS_MAX / 4);
    }
    g_array_append_val(model->marks, mark);
    model_touch(model, TOUCH(PART_LINE));
}

void model_touch(struct model *model, guint parts)
{
    for (int i = 0; i < PARTS; i++) {
        model->rev[i] += parts >> i & 1;
    }
}

void model_clean(char **text, glong max)
{
    g_autofree char *valid = g_utf8_make_valid(*text, -1);
    g_free(*text);
    *text = g_utf8_substring(valid, 0, MIN(g_utf8_strlen(valid, -1), max));
    g_strdelimit(*text, "\n\t\r", ' ');
}

/* Index in array of the element whose first member, a string, is id; -1 when there is none. */
static int find_first(const GPtrArray *array, const char *id)
{
    for (guint i = 0; i < array->len; i++) {
        if (!strcmp(*(char **)array->pdata[i], id)) {
            return (int)i;
        }
    }
    return -1;
}

int model_team_index(const struct model *model, const char *id)
{
    return find_first(model->teams, id);
}

guint model_ranked(const struct model *model)
{
    guint count = 0;
    for (guint i = 0; i < model->teams->len; i++) {
        count += !((const struct model_team *)model->teams->pdata[i])->reference;
    }
    return count;
}

int model_team_find(const struct model *model, const char *id)
{
    return model_team_index(model, id);
}

int model_machine_find(const struct model *model, const char *id)
{
    return model_machine_index(model, id);
}

int model_team_index_of(const struct model *model, const struct model_team *team)
{
    guint index = 0;
    return g_ptr_array_find(model->teams, team, &index) ? (int)index : -1;
}

int model_machine_index(const struct model *model, const char *id)
{
    return find_first(model->machines, id);
}

int model_service_index(const struct model *model, const char *name)
{
    return find_first(model->services, name);
}

int model_step_index(const struct model *model, const char *name)
{
    return find_first(model->steps, name);
}

struct model_inject *model_inject_find(const struct model *model, const char *id)
{
    int index = find_first(model->injects, id);
    return index < 0 ? NULL : model->injects->pdata[index];
}

const char *model_team_title(const struct model *model, const char *id)
{
    const struct model_team *team = model_team_at(model, model_team_index(model, id));
    return team ? team->title : id;
}

static const void *at(const GPtrArray *array, int index)
{
    return index >= 0 && (guint)index < array->len ? array->pdata[index] : NULL;
}

const struct model_team *model_team_at(const struct model *model, int index)
{
    return at(model->teams, index);
}

const struct model_machine *model_machine_at(const struct model *model, int index)
{
    return at(model->machines, index);
}

const struct model_service *model_service_at(const struct model *model, int index)
{
    return at(model->services, index);
}

const struct model_note *model_note_at(const struct model *model, int index)
{
    return at(model->notes, index);
}

const struct model_inject *model_inject_at(const struct model *model, int index)
{
    return at(model->injects, index);
}

struct model_cell *model_cell_at(const struct model *model, int service, int team)
{
    bool inside = model->cells && service >= 0 && (guint)service < model->services->len &&
                  team >= 0 && (guint)team < model->teams->len;
    return inside ? model->cells + (gsize)service * model->teams->len + (gsize)team : NULL;
}

const struct model_attack *model_attack_of(const struct model *model, int step, int team)
{
    for (guint i = 0; i < model->attacks->len; i++) {
        const struct model_attack *attack = &g_array_index(model->attacks, struct model_attack, i);
        if (attack->step == step && attack->team == team) {
            return attack;
        }
    }
    return NULL;
}

int model_cell_sla(const struct model_cell *cell)
{
    guint all = cell->passed + cell->failed;
    return all == 0 ? -1 : (int)(((guint64)cell->passed * 100 + all / 2) / all);
}

bool model_cell_flaps(const struct model_cell *cell)
{
    int changes = 0;
    for (guint i = 1; i < MIN(cell->checks, 8U); i++) {
        changes += (cell->history >> i & 1) != (cell->history >> (i - 1) & 1);
    }
    return changes >= 3;
}

gint64 model_team_change(const struct model *model, const struct model_team *team, gint64 span_us)
{
    gint64 before = 0;
    for (guint i = 0; i < team->history->len; i++) {
        const struct sample *sample = &g_array_index(team->history, struct sample, i);
        if (sample->at_us > model->at_us - span_us) {
            break;
        }
        before = sample->total;
    }
    return team->total - before;
}

/* Halves the record of a long exercise. */
static void thin_out(struct model *model)
{
    for (guint t = 0; t < model->teams->len; t++) {
        GArray *history = ((struct model_team *)model->teams->pdata[t])->history;
        guint kept = 0;
        for (guint i = 0; i < history->len; i += 2) {
            g_array_index(history, struct sample, kept++) =
                    g_array_index(history, struct sample, i);
        }
        g_array_set_size(history, kept);
    }
    model->sample_gap_us *= 2;
}

/* "uptime 304 · effect 20 …", what is not nothing: as many parts as there is room for. */
static void tell_parts(
        const struct model *model, const struct score_line *line, struct model_team *team)
{
    const char *const *names = score_columns(model->score);
    team->details[0] = '\0';
    for (int i = 0; names[i]; i++) {
        if (line->columns[i] == 0) {
            continue;
        }
        const char *gap = *team->details ? " · " : "";
        g_autofree char *part = g_strdup_printf("%s%s %.0f", gap, names[i], line->columns[i]);
        if (strlen(team->details) + strlen(part) < sizeof team->details) {
            g_strlcat(team->details, part, sizeof team->details);
        }
    }
}

static void sample_add(struct model_team *team, gint64 at_us, bool *full)
{
    struct sample sample = {at_us, team->total};
    GArray *history = team->history;
    struct sample *last =
            history->len > 0 ? &g_array_index(history, struct sample, history->len - 1) : NULL;
    if (last && last->at_us == sample.at_us) {
        *last = sample;
    } else if (!last || last->total != sample.total) { /* held until it changes */
        g_array_append_val(history, sample);
    }
    *full = *full || history->len > SAMPLES_MAX;
}

void model_settle(struct model *model)
{
    if (!model->stale || !model->score) {
        return;
    }
    model->stale = false;
    g_autoptr(GArray) lines = score_standings(model->score);
    bool full = false;
    for (guint i = 0; i < lines->len; i++) {
        const struct score_line *line = &g_array_index(lines, struct score_line, i);
        int index = model_team_index(model, line->team);
        if (index >= 0) {
            struct model_team *team = model->teams->pdata[index];
            team->rank = (int)i;
            team->place = line->rank;
            team->total = (gint64)round(line->total);
            tell_parts(model, line, team);
            sample_add(team, model->at_us, &full);
        }
    }
    model->sample_us = model->at_us;
    model_touch(model, TOUCH(PART_SCORES) | TOUCH(PART_LINE));
    if (full) {
        thin_out(model);
    }
}

void model_set_total(struct model *model, int index, gint64 at_us, gint64 total)
{
    if (index >= 0 && (guint)index < model->teams->len) {
        bool full = false;
        struct model_team *team = model->teams->pdata[index];
        team->total = total;
        team->details[0] = '\0';
        sample_add(team, at_us, &full);
        if (full) {
            thin_out(model);
        }
    }
}

/* Best first, ties by id, as score_standings() has them. */
static bool is_before(const struct model_team *a, const struct model_team *b)
{
    return a->total != b->total ? a->total > b->total : strcmp(a->id, b->id) < 0;
}

void model_rank(struct model *model)
{
    for (guint i = 0; i < model->teams->len; i++) {
        struct model_team *team = model->teams->pdata[i];
        team->rank = team->reference ? -1 : 0;
        team->place = 1;
        for (guint k = 0; k < model->teams->len && !team->reference; k++) {
            const struct model_team *other = model->teams->pdata[k];
            team->rank += k != i && !other->reference && is_before(other, team);
            team->place += !other->reference && other->total > team->total;
        }
    }
    model_touch(model, TOUCH(PART_SCORES) | TOUCH(PART_LINE));
}
