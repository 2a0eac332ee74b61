/* plan_impair.c - impairments: values read from text, checked, shown, and as JSON. */
#include "plan/plan_impair.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#define PPM 1000000

const char *const plan_impairment_keys[] = {
        "delay", "jitter", "loss", "duplicate", "reorder", "corrupt", "rate", NULL};

enum value_kind { VALUE_TIME, VALUE_SHARE, VALUE_RATE };

static const struct value {
    const char *key, *member;
    enum value_kind kind;
    gsize offset;
} values[] = {
        {"delay", "delay_us", VALUE_TIME, offsetof(struct plan_impairment, delay_us)},
        {"jitter", "jitter_us", VALUE_TIME, offsetof(struct plan_impairment, jitter_us)},
        {"loss", "loss_ppm", VALUE_SHARE, offsetof(struct plan_impairment, loss_ppm)},
        {"duplicate", "duplicate_ppm", VALUE_SHARE,
                offsetof(struct plan_impairment, duplicate_ppm)},
        {"reorder", "reorder_ppm", VALUE_SHARE, offsetof(struct plan_impairment, reorder_ppm)},
        {"corrupt", "corrupt_ppm", VALUE_SHARE, offsetof(struct plan_impairment, corrupt_ppm)},
        {"rate", "rate_bps", VALUE_RATE, offsetof(struct plan_impairment, rate_bps)},
};

struct unit {
    const char *name;
    double factor;
};
static const struct unit times[] = {{"us", 1}, {"ms", 1000}, {"s", G_USEC_PER_SEC}, {NULL, 0}};
static const struct unit shares[] = {{"%", PPM / 100.0}, {NULL, 0}};
static const struct unit rates[] = {
        {"bit", 1}, {"kbit", 1e3}, {"mbit", 1e6}, {"gbit", 1e9}, {NULL, 0}};

static gint64 get(const struct plan_impairment *impairment, const struct value *value)
{
    const char *at = (const char *)impairment + value->offset;
    return value->kind == VALUE_SHARE  ? *(const int *)(const void *)at
           : value->kind == VALUE_RATE ? (gint64) * (const guint64 *)(const void *)at
                                       : *(const gint64 *)(const void *)at;
}

static void put(struct plan_impairment *impairment, const struct value *value, gint64 number)
{
    char *at = (char *)impairment + value->offset;
    if (value->kind == VALUE_SHARE) {
        *(int *)(void *)at = (int)number;
    } else if (value->kind == VALUE_RATE) {
        *(guint64 *)(void *)at = (guint64)number;
    } else {
        *(gint64 *)(void *)at = number;
    }
}

/* Nothing beyond it is accepted, so that no kernel structure overflows. */
static gint64 limit_of(enum value_kind kind)
{
    return kind == VALUE_TIME    ? PLAN_IMPAIR_DELAY_MAX_US
           : kind == VALUE_SHARE ? PPM
                                 : (gint64)PLAN_IMPAIR_RATE_MAX;
}

/* A plain decimal number with one of the units, nothing before, between or after. */
static bool parse(const char *text, const struct unit *units, double *ret)
{
    gsize digits = strspn(text, "0123456789");
    gsize rest = text[digits] == '.' ? 1 + strspn(text + digits + 1, "0123456789") : 0;
    if (digits == 0 || digits + rest > 18 || rest == 1) {
        return false;
    }
    for (; units->name; units++) {
        if (g_ascii_strcasecmp(text + digits + rest, units->name) == 0) {
            *ret = g_ascii_strtod(text, NULL) * units->factor;
            return true;
        }
    }
    return false;
}

bool plan_impairment_set(
        struct plan_impairment *impairment, const char *key, const char *text, GError **error)
{
    static const struct unit *const units[] = {times, shares, rates};
    static const char *const expected[] = {
            "a time from 0us to 60s such as \"40ms\", \"250us\" or \"1.5s\"",
            "a share from 0% to 100% such as \"2%\" or \"0.5%\"",
            "a rate from 8kbit to 100gbit such as \"64kbit\", \"5mbit\" or \"1gbit\""};
    const struct value *value = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
        value = strcmp(values[i].key, key) == 0 ? &values[i] : value;
    }
    if (!value) {
        const char *nearest = text_nearest(key, plan_impairment_keys);
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "unknown \"%s\"%s%s%s; known are delay, jitter, loss, duplicate, reorder, corrupt "
                "and rate",
                key, nearest ? " (did you mean \"" : "", nearest ? nearest : "",
                nearest ? "\"?)" : "");
        return false;
    }
    double number = 0;
    bool ok = parse(text, units[value->kind], &number) && number <= (double)limit_of(value->kind) &&
              (value->kind != VALUE_RATE || number >= PLAN_IMPAIR_RATE_MIN);
    if (!ok) {
        g_autofree char *shown = text_clean_tail(text, strlen(text), 40);
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, "%s \"%s\": expected %s", key,
                shown, expected[value->kind]);
        return false;
    }
    put(impairment, value, (gint64)llround(number));
    return true;
}

bool plan_impairment_check(const struct plan_impairment *impairment, GError **error)
{
    const char *wrong = NULL;
    if (impairment->jitter_us > impairment->delay_us) {
        wrong = "jitter is more than delay, and nothing can come before it was sent; give a delay "
                "of at least the jitter";
    } else if (impairment->reorder_ppm && !impairment->delay_us) {
        wrong = "reorder lets frames overtake those that are delayed; give a delay as well";
    }
    if (wrong) {
        g_set_error_literal(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE, wrong);
    }
    return !wrong;
}

bool plan_impairment_is_nothing(const struct plan_impairment *impairment)
{
    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
        if (get(impairment, &values[i])) {
            return false;
        }
    }
    return true;
}

bool plan_link_ask_is_nothing(const struct plan_link_ask *ask)
{
    return !ask->down && plan_impairment_is_nothing(&ask->direction[PLAN_IN]) &&
           plan_impairment_is_nothing(&ask->direction[PLAN_OUT]);
}

bool plan_link_ask_is_same(const struct plan_link_ask *a, const struct plan_link_ask *b)
{
    bool same = a->down == b->down;
    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
        for (int d = 0; d < PLAN_DIRECTIONS; d++) {
            same = same && get(&a->direction[d], &values[i]) == get(&b->direction[d], &values[i]);
        }
    }
    return same;
}

const char *plan_direction_name(enum plan_direction direction)
{
    return direction == PLAN_IN ? "in" : "out";
}

bool plan_direction_parse(const char *text, guint *ret_mask)
{
    if (!text || strcmp(text, "both") == 0) {
        *ret_mask = 1U << PLAN_IN | 1U << PLAN_OUT;
    } else if (strcmp(text, "in") == 0) {
        *ret_mask = 1U << PLAN_IN;
    } else if (strcmp(text, "out") == 0) {
        *ret_mask = 1U << PLAN_OUT;
    } else {
        return false;
    }
    return true;
}

struct plan_impair *plan_impair_new(void)
{
    return g_new0(struct plan_impair, 1);
}

void plan_impair_free(struct plan_impair *impair)
{
    if (impair) {
        g_free(impair->machine);
        g_free(impair->network);
        g_free(impair->direction);
        g_free(impair->directions[PLAN_IN]);
        g_free(impair->directions[PLAN_OUT]);
        g_free(impair);
    }
}

void plan_impair_apply(const struct plan_impair *impair, struct plan_link_ask *ask)
{
    if (impair->clear) {
        *ask = (struct plan_link_ask){0};
        return;
    }
    bool own = impair->directions[PLAN_IN] || impair->directions[PLAN_OUT];
    guint mask = 0;
    for (int i = 0; i < PLAN_DIRECTIONS; i++) {
        if (impair->directions[i]) {
            ask->direction[i] = *impair->directions[i];
        } else if (!own && !impair->down && plan_direction_parse(impair->direction, &mask) &&
                   mask & 1U << i) {
            ask->direction[i] = impair->both;
        }
    }
    ask->down = impair->down;
}

/* ---- as text and JSON ---------------------------------------------------------------------- */

char *plan_rate_text(double bps)
{
    static const struct unit *const unit = rates;
    int i = bps >= 1e9 ? 3 : bps >= 1e6 ? 2 : bps >= 1e3 ? 1 : 0;
    static const char *const names[] = {"bit/s", "kbit/s", "Mbit/s", "Gbit/s"};
    return g_strdup_printf("%.3g %s", bps / unit[i].factor, names[i]);
}

static char *time_text(gint64 us)
{
    double ms = (double)us / 1000;
    return ms >= 1000 ? g_strdup_printf("%.4gs", ms / 1000) : g_strdup_printf("%.4gms", ms);
}

char *plan_impairment_text(const struct plan_impairment *impairment)
{
    GString *text = g_string_new(NULL);
    g_autofree char *delay = time_text(impairment->delay_us);
    g_autofree char *jitter = time_text(impairment->jitter_us);
    if (impairment->delay_us) {
        g_string_append_printf(text, "delay %s", delay);
    }
    if (impairment->jitter_us) {
        g_string_append_printf(text, " ± %s", jitter);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
        gint64 number = get(impairment, &values[i]);
        if (values[i].kind == VALUE_SHARE && number) {
            g_string_append_printf(text, "%s%s %.4g %%", text->len ? ", " : "", values[i].key,
                    (double)number * 100 / PPM);
        }
    }
    if (impairment->rate_bps) {
        g_autofree char *rate = plan_rate_text((double)impairment->rate_bps);
        g_string_append_printf(text, "%srate %s", text->len ? ", " : "", rate);
    }
    if (text->len == 0) {
        g_string_append(text, "nothing");
    }
    return g_string_free(text, FALSE);
}

static void append_way(GString *text, const char *way, const struct plan_impairment *impairment)
{
    g_autofree char *asked = plan_impairment_text(impairment);
    g_string_append_printf(text, "%s%s: %s", *way ? " " : "", way, asked);
}

char *plan_impair_title(const struct plan_impair *impair)
{
    GString *text = g_string_new(impair->machine);
    if (impair->network) {
        g_string_append_printf(text, " %s", impair->network);
    }
    if (impair->clear || impair->down) {
        g_string_append(text, impair->clear ? ": clear" : ": down");
        return g_string_free(text, FALSE);
    }
    for (int d = 0; d < PLAN_DIRECTIONS; d++) {
        if (impair->directions[d]) {
            append_way(text, plan_direction_name(d), impair->directions[d]);
        }
    }
    if (!impair->directions[PLAN_IN] && !impair->directions[PLAN_OUT]) {
        const char *way = impair->direction && strcmp(impair->direction, "both") != 0
                                  ? impair->direction
                                  : "";
        append_way(text, way, &impair->both);
    }
    return g_string_free(text, FALSE);
}

cJSON *plan_impairment_to_json(const struct plan_impairment *impairment)
{
    cJSON *json = cJSON_CreateObject();
    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
        gint64 number = get(impairment, &values[i]);
        if (number) {
            json_add_int(json, values[i].member, number);
        }
    }
    return json;
}

bool plan_impairment_from_json(const cJSON *json, struct plan_impairment *ret)
{
    struct plan_impairment read = {0};
    for (gsize i = 0; json && i < G_N_ELEMENTS(values); i++) {
        if (!cJSON_GetObjectItemCaseSensitive(json, values[i].member)) {
            continue;
        }
        gint64 number = json_int(json, values[i].member, -1);
        if (number < 0 || number > limit_of(values[i].kind)) {
            return false;
        }
        put(&read, &values[i], number);
    }
    *ret = read;
    return true;
}

cJSON *plan_link_ask_to_json(const struct plan_link_ask *ask)
{
    cJSON *json = cJSON_CreateObject();
    for (int i = 0; i < PLAN_DIRECTIONS; i++) {
        if (!plan_impairment_is_nothing(&ask->direction[i])) {
            cJSON_AddItemToObject(
                    json, plan_direction_name(i), plan_impairment_to_json(&ask->direction[i]));
        }
    }
    if (ask->down) {
        cJSON_AddTrueToObject(json, "down");
    }
    return json;
}

bool plan_link_ask_from_json(const cJSON *json, struct plan_link_ask *ret)
{
    struct plan_link_ask read = {.down = json_bool(json, "down", false)};
    for (int i = 0; i < PLAN_DIRECTIONS; i++) {
        if (!plan_impairment_from_json(
                    json_object(json, plan_direction_name(i)), &read.direction[i])) {
            return false;
        }
    }
    *ret = read;
    return true;
}

guint plan_link_ask_needs(const struct plan_link_ask *ask)
{
    guint needs = 0;
    for (int i = 0; i < PLAN_DIRECTIONS; i++) {
        struct plan_impairment rest = ask->direction[i];
        rest.rate_bps = 0;
        needs |= plan_impairment_is_nothing(&rest) ? 0 : PLAN_NEEDS_NETEM;
        needs |= ask->direction[i].rate_bps ? PLAN_NEEDS_RATE : 0;
    }
    needs |= plan_impairment_is_nothing(&ask->direction[PLAN_OUT]) ? 0 : PLAN_NEEDS_OUT;
    return needs;
}
