/* exam_assign.c - who sits where: ids, variants, secrets, and machines that carry them. */
#include "base/error.h"
#include "base/json.h"
#include "plan/exam.h"

#include <string.h>

#define DIGEST 32

/* What is derived for one objective of one candidate; purpose keeps the uses apart. */
struct derivation {
    const struct plan *plan;
    const unsigned char *key;
    const char *candidate;
};

static void derive(const struct derivation *d, const char *purpose, const char *objective,
        const char *more, guint8 *ret)
{
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA256, d->key, PLAN_EXAM_KEY);
    const char *const parts[] = {purpose, d->plan->digest, objective, d->candidate, more};
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
        const char *part = parts[i] ? parts[i] : "";
        g_hmac_update(hmac, (const guchar *)part, (gssize)strlen(part) + 1); /* and its end */
    }
    gsize length = DIGEST;
    g_hmac_get_digest(hmac, ret, &length);
    g_hmac_unref(hmac);
}

/* RFC 4648, 6, without padding: 10 bytes make 16 letters. */
static void base32(const guint8 *bytes, char *ret)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    for (int i = 0; i < PLAN_EXAM_SECRET; i++) {
        int bit = 5 * i;
        guint pair = (guint)bytes[bit / 8] << 8 | bytes[bit / 8 + 1];
        ret[i] = letters[pair >> (11 - bit % 8) & 31];
    }
    ret[PLAN_EXAM_SECRET] = '\0';
}

static char *secret_of(const struct derivation *d, const char *question)
{
    guint8 digest[DIGEST];
    char text[PLAN_EXAM_SECRET + 1];
    derive(d, "sandtable exam secret", question, d->plan->exam->nonce, digest);
    base32(digest, text);
    return g_strdup_printf("%s-%s", d->plan->exam->prefix, text);
}

static int form_of(const struct derivation *d, const struct plan_exam_question *question)
{
    guint8 digest[DIGEST];
    guint64 number = 0;
    derive(d, "sandtable exam variant", question->name, NULL, digest);
    memcpy(&number, digest, sizeof number);
    return (int)(GUINT64_FROM_LE(number) % question->forms->len);
}

bool plan_exam_is_secret(const char *prefix, const char *text)
{
    gsize length = strlen(prefix);
    return strlen(text) == length + 1 + PLAN_EXAM_SECRET && !strncmp(text, prefix, length) &&
           text[length] == '-' &&
           strspn(text + length + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == PLAN_EXAM_SECRET;
}

char *plan_exam_normal(enum plan_exam_kind kind, const char *text)
{
    g_autofree char *copy = g_strstrip(g_strdup(text));
    return kind == PLAN_EXAM_FLAG ? g_ascii_strup(copy, -1) : g_steal_pointer(&copy);
}

/* ---- choices in an order of their own ------------------------------------------------------ */

struct placed {
    char *text;
    guint8 place[DIGEST];
};

static int by_place(gconstpointer a, gconstpointer b)
{
    return memcmp(((const struct placed *)a)->place, ((const struct placed *)b)->place, DIGEST);
}

GPtrArray *plan_exam_choices(
        const struct plan *plan, const struct plan_exam_seat *seat, int question)
{
    const struct plan_exam_question *of = plan->exam->questions->pdata[question];
    const struct plan_exam_form *form = plan_exam_form_of(plan->exam, seat, question);
    g_autoptr(GArray) places = g_array_new(FALSE, TRUE, sizeof(struct placed));
    for (guint i = 0; i < form->choices->len; i++) {
        /* no secret: the order only keeps "the second one" from being of use to a neighbour */
        struct placed one = {.text = form->choices->pdata[i]};
        g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
        const char *const parts[] = {plan->exam->nonce, of->name, seat->id, one.text};
        for (gsize k = 0; k < G_N_ELEMENTS(parts); k++) {
            g_checksum_update(sum, (const guchar *)parts[k], (gssize)strlen(parts[k]) + 1);
        }
        gsize length = DIGEST;
        g_checksum_get_digest(sum, one.place, &length);
        g_array_append_val(places, one);
    }
    g_array_sort(places, by_place);
    GPtrArray *out = g_ptr_array_new();
    for (guint i = 0; i < places->len; i++) {
        g_ptr_array_add(out, g_array_index(places, struct placed, i).text);
    }
    return out;
}

/* ---- machines ------------------------------------------------------------------------------ */

static const char *value_of(
        const struct plan_exam *exam, const struct plan_exam_seat *seat, const char *name)
{
    const char *dot = strchr(name, '.');
    if (!strcmp(name, "candidate")) {
        return seat->id;
    }
    g_autofree char *question = dot ? g_strndup(name, (gsize)(dot - name)) : NULL;
    int index = question ? plan_exam_question_index(exam, question) : -1;
    if (index < 0) {
        return NULL;
    }
    if (!strcmp(dot + 1, "secret")) {
        return seat->secrets->pdata[index];
    }
    const struct plan_exam_form *form = plan_exam_form_of(exam, seat, index);
    for (guint i = 0; i < form->values->len; i++) {
        const struct plan_exam_value *value = form->values->pdata[i];
        if (!strcmp(value->key, dot + 1)) {
            return value->text;
        }
    }
    return NULL;
}

/* bytes with every known @{NAME} replaced; NULL when there is none. */
static GString *fill_in(const struct plan_exam *exam, const struct plan_exam_seat *seat,
        const char *bytes, gsize length)
{
    GString *out = g_string_new(NULL);
    bool any = false;
    for (gsize i = 0; i < length; i++) {
        const char *end = bytes[i] == '@' && i + 1 < length && bytes[i + 1] == '{'
                                  ? memchr(bytes + i, '}', MIN(length - i, 80))
                                  : NULL;
        g_autofree char *name = end ? g_strndup(bytes + i + 2, (gsize)(end - bytes) - i - 2) : NULL;
        const char *value = name ? value_of(exam, seat, name) : NULL;
        if (value) {
            g_string_append(out, value);
            i = (gsize)(end - bytes);
            any = true;
        } else {
            g_string_append_c(out, bytes[i]);
        }
    }
    if (!any) {
        g_string_free(out, TRUE);
        return NULL;
    }
    return out;
}

static void file_free(gpointer data)
{
    struct plan_file *file = data;
    g_free(file->path);
    g_free(file->content);
    g_free(file);
}

static void argv_free(gpointer argv)
{
    g_strfreev(argv);
}

/* The machine gets a host of its own: the declared one with the candidate's values filled in. */
static void give_host(
        struct plan_exam *exam, const struct plan_exam_seat *seat, struct plan_machine *machine)
{
    struct plan_host *own = g_memdup2(machine->host, sizeof *machine->host);
    own->files = g_ptr_array_new_with_free_func(file_free);
    own->setup = g_ptr_array_new_with_free_func(argv_free);
    for (guint i = 0; i < machine->host->files->len; i++) {
        const struct plan_file *from = machine->host->files->pdata[i];
        struct plan_file *file = g_memdup2(from, sizeof *from);
        GString *filled = fill_in(exam, seat, from->content, from->length);
        file->path = g_strdup(from->path);
        file->length = filled ? filled->len : from->length;
        file->content =
                filled ? g_string_free(filled, FALSE) : g_memdup2(from->content, from->length + 1);
        g_ptr_array_add(own->files, file);
    }
    for (guint i = 0; i < machine->host->setup->len; i++) {
        char **argv = g_strdupv(machine->host->setup->pdata[i]);
        for (char **word = argv; *word; word++) {
            GString *filled = fill_in(exam, seat, *word, strlen(*word));
            if (filled) {
                g_free(*word);
                *word = g_string_free(filled, FALSE);
            }
        }
        g_ptr_array_add(own->setup, argv);
    }
    g_ptr_array_add(exam->hosts, own);
    machine->host = own;
}

/* ---- seats --------------------------------------------------------------------------------- */

static const cJSON *entry_for(const cJSON *roster, const char *team, guint place)
{
    const cJSON *entry = NULL;
    guint n = 0;
    cJSON_ArrayForEach(entry, json_array(roster, "candidates"))
    {
        const char *seat = json_string(entry, "seat", NULL);
        if (seat ? !strcmp(seat, team) : n == place) {
            return entry;
        }
        n++;
    }
    return NULL;
}

static void add_seat(struct plan *plan, const struct plan_exam_ask *ask, int team)
{
    struct plan_exam *exam = plan->exam;
    const struct plan_team *of = plan->teams->pdata[team];
    const cJSON *entry = entry_for(ask->roster, of->id, exam->seats->len);
    struct plan_exam_seat *seat = g_new0(struct plan_exam_seat, 1);
    seat->id = g_strdup(json_string(entry, "id", of->id));
    seat->team = team;
    seat->factor_milli = (gint64)(json_number(entry, "factor", 1) * 1000 + 0.5);
    const char *extra = json_string(entry, "extra", NULL);
    if (extra && !plan_duration_parse(extra, &seat->extra_us)) {
        seat->extra_us = 0; /* the roster was checked */
    }
    seat->forms = g_array_new(FALSE, FALSE, sizeof(int));
    seat->secrets = g_ptr_array_new_with_free_func(g_free);
    const struct derivation d = {plan, ask->key, seat->id};
    for (guint i = 0; i < exam->questions->len; i++) {
        const struct plan_exam_question *question = exam->questions->pdata[i];
        int form = form_of(&d, question);
        bool secret = plan_exam_kind_of(question) == PLAN_EXAM_FLAG;
        g_array_append_val(seat->forms, form);
        g_ptr_array_add(seat->secrets, secret ? secret_of(&d, question->name) : NULL);
    }
    g_ptr_array_add(exam->seats, seat);
}

static bool roster_fits(const struct plan *plan, const cJSON *roster, GError **error)
{
    const struct plan_exam *exam = plan->exam;
    const cJSON *entry = NULL;
    int seats = 0;
    for (guint t = 0; t < plan->teams->len; t++) {
        seats += plan_team_is(plan->teams->pdata[t], exam->candidates);
    }
    if (plan_exam_roster_size(roster) > seats) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                "the roster has %d candidates, the exam %d seats; give --teams %d",
                plan_exam_roster_size(roster), seats, plan_exam_roster_size(roster));
        return false;
    }
    cJSON_ArrayForEach(entry, json_array(roster, "candidates"))
    {
        const char *seat = json_string(entry, "seat", NULL);
        int team = seat ? plan_team_index(plan, seat) : -1;
        if (seat && (team < 0 || !plan_team_is(plan->teams->pdata[team], exam->candidates))) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                    "the roster seats %s on \"%s\", which is no team of \"%s\"",
                    json_string(entry, "id", ""), seat, exam->candidates);
            return false;
        }
    }
    return true;
}

static void add_examiners(struct plan_exam *exam, const cJSON *roster)
{
    const cJSON *entry = NULL;
    cJSON_ArrayForEach(entry, json_array(roster, "examiners"))
    {
        struct plan_exam_examiner *examiner = g_new0(struct plan_exam_examiner, 1);
        examiner->id = g_strdup(json_string(entry, "id", ""));
        examiner->token_sha256 = g_strdup(json_string(entry, "token_sha256", NULL));
        g_ptr_array_add(exam->examiners, examiner);
    }
}

/* How an exam's points become a score when the scenario does not say: its pass mark. */
static cJSON *usual_score(const struct plan_exam *exam)
{
    cJSON *list = cJSON_CreateArray();
    cJSON *model = cJSON_CreateObject();
    cJSON_AddStringToObject(model, "model", "objective_threshold");
    json_add_int(model, "pass", exam->pass);
    json_add_int(model, "full", plan_exam_points(exam));
    cJSON_AddStringToObject(model, "mark", "percent");
    cJSON_AddItemToArray(list, model);
    return list;
}

bool plan_exam_assign(struct plan *plan, const struct plan_exam_ask *ask, GError **error)
{
    struct plan_exam *exam = plan->exam;
    if (!exam) {
        if (ask->roster) {
            g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_USAGE,
                    "%s has no exam; leave out --roster", plan->path);
        }
        return !ask->roster;
    }
    if (!roster_fits(plan, ask->roster, error)) {
        return false;
    }
    exam->nonce = g_strdup(ask->nonce);
    g_autofree char *id = g_compute_hmac_for_string(
            G_CHECKSUM_SHA256, ask->key, PLAN_EXAM_KEY, "sandtable exam key", -1);
    exam->key_id = g_strndup(id, 16);
    add_examiners(exam, ask->roster);
    for (guint t = 0; t < plan->teams->len; t++) {
        if (plan_team_is(plan->teams->pdata[t], exam->candidates)) {
            add_seat(plan, ask, (int)t);
        }
    }
    for (guint i = 0; i < plan->machines->len; i++) {
        struct plan_machine *machine = plan->machines->pdata[i];
        for (guint k = 0; k < exam->seats->len; k++) {
            const struct plan_exam_seat *seat = exam->seats->pdata[k];
            if (seat->team == machine->team) {
                give_host(exam, seat, machine);
            }
        }
    }
    plan->score = plan->score ? plan->score : usual_score(exam);
    return true;
}
