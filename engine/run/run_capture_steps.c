/* run_capture_steps.c - which packets belong to which attack step: the index of the captures.
 *
 * While a step runs, the captures of its networks keep what they have. At its end one event says
 * where in which file each of them stood at the beginning and at the end.
 */
#include "run/run_capture.h"

#include "base/json.h"

#include <string.h>

#define HOLD_AFTER_S 3 /* packets that are still on their way */

struct place { /* of one capture */
    int network;
    char *file; /* at the beginning */
    guint64 offset;
    guint64 packets;
    /* the capture has ended before the step, and nothing of it is held any more: where it was */
    bool ended;
    char *to_file;
    guint64 to_offset, to_packets;
};

struct capture_span { /* one step that runs */
    struct exercise *exercise;
    char *step, *from;
    int team;
    gint64 wall_us;
    GArray *places; /* struct place */
    guint release;  /* GSource id: it has ended, and its packets are being waited for */
};

static void place_clear(gpointer place)
{
    g_free(((struct place *)place)->file);
    g_free(((struct place *)place)->to_file);
}

/* What an ended capture kept for the step is not the next one's to let go. */
static void let_go(const struct capture_span *span)
{
    struct world *world = span->exercise->options.world;
    for (guint i = 0; i < span->places->len; i++) {
        const struct place *place = &g_array_index(span->places, struct place, i);
        if (!place->ended) {
            world->ops->capture_hold(world, place->network, false);
        }
    }
}

void run_capture_span_free(gpointer data)
{
    struct capture_span *span = data;
    g_clear_handle_id(&span->release, g_source_remove);
    g_array_unref(span->places);
    g_free(span->step);
    g_free(span->from);
    g_free(span);
}

/* The target team's networks, and those of the team that attacks. */
static bool concerns(const struct capture_span *span, const struct plan_network *network)
{
    const struct plan *plan = span->exercise->options.plan;
    int from = plan_machine_index(plan, span->from);
    return network->team == span->team ||
           (from >= 0 && run_machine_plan(span->exercise, from)->team == network->team);
}

static void add_place(struct capture_span *span, const struct run_capture *capture)
{
    struct world *world = span->exercise->options.world;
    struct net_capture_state state = {0};
    world->ops->capture_look(world, capture->network, &state);
    struct place place = {
            .network = capture->network,
            .file = g_strdup(state.file ? state.file : ""),
            .offset = state.offset,
            .packets = state.packets,
    };
    net_capture_state_clear(&state);
    g_array_append_val(span->places, place);
    world->ops->capture_hold(world, capture->network, true);
}

static void consider(struct capture_span *span, const struct run_capture *capture)
{
    const struct plan *plan = span->exercise->options.plan;
    const struct plan_network *network = plan->networks->pdata[capture->network];
    if (capture->state == RUN_CAPTURE_ON && concerns(span, network)) {
        add_place(span, capture);
    }
}

void run_capture_began(struct run_capture *capture)
{
    GPtrArray *spans = capture->exercise->captures->spans;
    for (guint i = 0; i < spans->len; i++) {
        struct capture_span *span = spans->pdata[i];
        if (!span->release) {
            consider(span, capture);
        }
    }
}

static void note_end(const struct capture_span *span, struct place *place)
{
    struct world *world = span->exercise->options.world;
    struct net_capture_state state = {0};
    world->ops->capture_look(world, place->network, &state);
    g_free(place->to_file);
    place->to_file = g_strdup(state.file ? state.file : "");
    place->to_offset = state.offset;
    place->to_packets = state.packets;
    net_capture_state_clear(&state);
}

void run_capture_over(struct run_capture *capture)
{
    GPtrArray *spans = capture->exercise->captures->spans;
    for (guint i = 0; i < spans->len; i++) {
        struct capture_span *span = spans->pdata[i];
        for (guint k = 0; k < span->places->len; k++) {
            struct place *place = &g_array_index(span->places, struct place, k);
            if (place->network == capture->network && !place->ended) {
                note_end(span, place);
                place->ended = true;
            }
        }
    }
}

static struct capture_span *span_find(struct exercise *exercise, const char *step, int team)
{
    GPtrArray *spans = exercise->captures->spans;
    for (guint i = 0; i < spans->len; i++) {
        struct capture_span *span = spans->pdata[i];
        if (!span->release && span->team == team && !strcmp(span->step, step)) {
            return span;
        }
    }
    return NULL;
}

static void span_begin(struct exercise *exercise, const struct event *event, const cJSON *body)
{
    struct run_captures *all = exercise->captures;
    struct capture_span *span = g_new0(struct capture_span, 1);
    span->exercise = exercise;
    span->step = g_strdup(json_string(body, "step", ""));
    span->from = g_strdup(json_string(body, "from", ""));
    span->team = plan_team_index(exercise->options.plan, event->team);
    span->wall_us = event->wall_us;
    span->places = g_array_new(FALSE, FALSE, sizeof(struct place));
    g_array_set_clear_func(span->places, place_clear);
    for (guint i = 0; i < all->count; i++) {
        consider(span, &all->each[i]);
    }
    g_ptr_array_add(all->spans, span);
}

static cJSON *place_json(const struct capture_span *span, struct place *place)
{
    const struct plan *plan = span->exercise->options.plan;
    if (!place->ended) {
        note_end(span, place);
    }
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(
            json, "network", ((struct plan_network *)plan->networks->pdata[place->network])->id);
    cJSON_AddStringToObject(json, "from_file", place->file);
    json_add_int(json, "from_offset", (gint64)place->offset);
    cJSON_AddStringToObject(json, "to_file", place->to_file);
    json_add_int(json, "to_offset", (gint64)place->to_offset);
    json_add_int(
            json, "packets", (gint64)(place->to_packets - MIN(place->to_packets, place->packets)));
    return json;
}

static void span_record(const struct capture_span *span, gint64 until_us)
{
    if (span->places->len == 0) {
        return;
    }
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "step", span->step);
    json_add_int(body, "from_us", span->wall_us);
    json_add_int(body, "to_us", until_us);
    cJSON *places = cJSON_AddArrayToObject(body, "places");
    for (guint i = 0; i < span->places->len; i++) {
        cJSON_AddItemToArray(
                places, place_json(span, &g_array_index(span->places, struct place, i)));
    }
    run_record(span->exercise, "capture.step", span->team, span->step, body);
}

static gboolean on_release(gpointer data)
{
    struct capture_span *span = data;
    let_go(span);
    span->release = 0;
    g_ptr_array_remove(span->exercise->captures->spans, span);
    return G_SOURCE_REMOVE;
}

static void span_end(struct capture_span *span, gint64 wall_us)
{
    span_record(span, wall_us);
    span->release = g_timeout_add_seconds(HOLD_AFTER_S, on_release, span);
}

void run_capture_event(struct exercise *exercise, const struct event *event)
{
    bool verdict = !strcmp(event->kind, "step.verdict");
    if (!verdict && strcmp(event->kind, "step.state") != 0) {
        return;
    }
    auto_json body = json_parse(event->body, strlen(event->body), NULL);
    const char *step = json_string(body, "step", "");
    int team = plan_team_index(exercise->options.plan, event->team);
    struct capture_span *span = span_find(exercise, step, team);
    if (verdict && span) {
        span_end(span, event->wall_us);
    } else if (!verdict && !span && !strcmp(json_string(body, "state", ""), "running")) {
        span_begin(exercise, event, body);
    }
}

void run_capture_spans_end(struct exercise *exercise)
{
    GPtrArray *spans = exercise->captures->spans;
    for (guint i = 0; i < spans->len; i++) {
        const struct capture_span *span = spans->pdata[i];
        if (!span->release) {
            span_record(span, g_get_real_time());
        }
    }
    g_ptr_array_set_size(spans, 0);
}
