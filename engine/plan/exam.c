/* exam.c - making, freeing and finding the parts of an exam; what clients see of it. */
#include "plan/exam.h"

#include "base/json.h"

#include <math.h>
#include <string.h>

static void value_free(gpointer data)
{
    struct plan_exam_value *value = data;
    g_free(value->key);
    g_free(value->text);
    g_free(value);
}

static void form_init(struct plan_exam_form *form)
{
    form->choices = g_ptr_array_new_with_free_func(g_free);
    form->values = g_ptr_array_new_with_free_func(value_free);
    form->value = form->tolerance = NAN;
}

static void form_clear(struct plan_exam_form *form)
{
    g_free(form->ask);
    g_free(form->answer);
    g_free(form->sha256);
    g_free(form->pattern);
    g_ptr_array_unref(form->choices);
    g_ptr_array_unref(form->values);
    plan_predicate_free(form->effect);
}

struct plan_exam_form *plan_exam_form_new(void)
{
    struct plan_exam_form *form = g_new0(struct plan_exam_form, 1);
    form_init(form);
    return form;
}

static void form_free(gpointer data)
{
    form_clear(data);
    g_free(data);
}

struct plan_exam_question *plan_exam_question_new(void)
{
    struct plan_exam_question *question = g_new0(struct plan_exam_question, 1);
    form_init(&question->own);
    question->forms = g_ptr_array_new_with_free_func(form_free);
    question->points = 10;
    question->attempts = -1;
    return question;
}

static void question_free(gpointer data)
{
    struct plan_exam_question *question = data;
    g_free(question->name);
    g_free(question->title);
    g_free(question->skill);
    form_clear(&question->own);
    g_ptr_array_unref(question->forms);
    g_free(question);
}

void plan_exam_skill_free(gpointer data)
{
    struct plan_exam_skill *skill = data;
    g_free(skill->name);
    g_free(skill->title);
    g_free(skill);
}

static void seat_free(gpointer data)
{
    struct plan_exam_seat *seat = data;
    g_free(seat->id);
    g_array_unref(seat->forms);
    g_ptr_array_unref(seat->secrets);
    g_free(seat);
}

static void examiner_free(gpointer data)
{
    struct plan_exam_examiner *examiner = data;
    g_free(examiner->id);
    g_free(examiner->token_sha256);
    g_free(examiner);
}

static void own_host_free(gpointer data)
{
    struct plan_host *host = data; /* the rest is the declared one's */
    g_ptr_array_unref(host->files);
    g_ptr_array_unref(host->setup);
    g_free(host);
}

struct plan_exam *plan_exam_new(void)
{
    struct plan_exam *exam = g_new0(struct plan_exam, 1);
    exam->pass = 60;
    exam->attempts = 3;
    exam->two_persons = exam->feedback = true;
    exam->skills = g_ptr_array_new_with_free_func(plan_exam_skill_free);
    exam->questions = g_ptr_array_new_with_free_func(question_free);
    exam->seats = g_ptr_array_new_with_free_func(seat_free);
    exam->examiners = g_ptr_array_new_with_free_func(examiner_free);
    exam->hosts = g_ptr_array_new_with_free_func(own_host_free);
    return exam;
}

void plan_exam_free(struct plan_exam *exam)
{
    if (!exam) {
        return;
    }
    g_free(exam->candidates);
    g_free(exam->prefix);
    g_free(exam->nonce);
    g_free(exam->key_id);
    g_ptr_array_unref(exam->skills);
    g_ptr_array_unref(exam->questions);
    g_ptr_array_unref(exam->seats);
    g_ptr_array_unref(exam->examiners);
    g_ptr_array_unref(exam->hosts);
    g_free(exam);
}

/* ---- once read ----------------------------------------------------------------------------- */

static void inherit(struct plan_exam_form *form, const struct plan_exam_form *from)
{
    form->ask = form->ask ? form->ask : g_strdup(from->ask);
    form->answer = form->answer ? form->answer : g_strdup(from->answer);
    form->tolerance = isnan(form->tolerance) ? from->tolerance : form->tolerance;
    form->secret |= from->secret;
    for (guint i = 0; form->choices->len == 0 && i < from->choices->len; i++) {
        g_ptr_array_add(form->choices, g_strdup(from->choices->pdata[i]));
    }
}

void plan_exam_finish(struct plan_exam *exam)
{
    for (guint i = 0; i < exam->questions->len; i++) {
        struct plan_exam_question *question = exam->questions->pdata[i];
        for (guint k = 0; k < question->forms->len; k++) {
            inherit(question->forms->pdata[k], &question->own);
        }
        if (question->forms->len == 0) { /* it is its only variant */
            struct plan_exam_form *only = g_memdup2(&question->own, sizeof question->own);
            memset(&question->own, 0, sizeof question->own);
            form_init(&question->own);
            g_ptr_array_add(question->forms, only);
        }
        question->attempts = question->attempts < 0 ? exam->attempts : question->attempts;
    }
    exam->prefix = exam->prefix ? exam->prefix : g_strdup("FLAG");
}

enum plan_exam_kind plan_exam_form_kind(const struct plan_exam_form *form)
{
    bool has[] = {
            [PLAN_EXAM_CHOICE] = form->choices->len > 0,
            [PLAN_EXAM_VALUE] = !isnan(form->value),
            [PLAN_EXAM_FLAG] = form->secret,
            [PLAN_EXAM_FILE] = form->sha256 || form->pattern,
            [PLAN_EXAM_EFFECT] = form->effect != NULL,
    };
    enum plan_exam_kind kind = PLAN_EXAM_NONE;
    int kinds = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(has); i++) {
        if (has[i]) {
            kind = (enum plan_exam_kind)i;
            kinds++;
        }
    }
    return kinds == 1 ? kind : PLAN_EXAM_NONE;
}

enum plan_exam_kind plan_exam_kind_of(const struct plan_exam_question *question)
{
    return question->forms->len ? plan_exam_form_kind(question->forms->pdata[0]) : PLAN_EXAM_NONE;
}

const char *plan_exam_kind_name(enum plan_exam_kind kind)
{
    static const char *const names[] = {"choice", "value", "secret", "file", "effect", "none"};
    return names[kind];
}

/* ---- finding ------------------------------------------------------------------------------- */

int plan_exam_points(const struct plan_exam *exam)
{
    int sum = 0;
    for (guint i = 0; i < exam->questions->len; i++) {
        sum += ((const struct plan_exam_question *)exam->questions->pdata[i])->points;
    }
    return sum;
}

int plan_exam_question_index(const struct plan_exam *exam, const char *name)
{
    for (guint i = 0; i < exam->questions->len; i++) {
        if (!strcmp(((const struct plan_exam_question *)exam->questions->pdata[i])->name, name)) {
            return (int)i;
        }
    }
    return -1;
}

const struct plan_exam_seat *plan_exam_seat(const struct plan *plan, const char *name)
{
    for (guint i = 0; plan->exam && i < plan->exam->seats->len; i++) {
        const struct plan_exam_seat *seat = plan->exam->seats->pdata[i];
        const struct plan_team *team = plan->teams->pdata[seat->team];
        if (!strcmp(seat->id, name) || !strcmp(team->id, name)) {
            return seat;
        }
    }
    return NULL;
}

const struct plan_exam_form *plan_exam_form_of(
        const struct plan_exam *exam, const struct plan_exam_seat *seat, int question)
{
    const struct plan_exam_question *of = exam->questions->pdata[question];
    return of->forms->pdata[g_array_index(seat->forms, int, question)];
}

/* ---- as JSON ------------------------------------------------------------------------------- */

static cJSON *skill_json(const struct plan_exam_skill *skill)
{
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "name", skill->name);
    cJSON_AddStringToObject(out, "title", skill->title ? skill->title : skill->name);
    json_add_int(out, "pass", skill->pass);
    return out;
}

static cJSON *question_json(const struct plan_exam_question *question)
{
    cJSON *out = cJSON_CreateObject();
    const struct plan_exam_form *form = question->forms->pdata[0];
    cJSON_AddStringToObject(out, "name", question->name);
    cJSON_AddStringToObject(out, "title", question->title ? question->title : question->name);
    cJSON_AddStringToObject(out, "skill", question->skill ? question->skill : "");
    cJSON_AddStringToObject(out, "kind", plan_exam_kind_name(plan_exam_kind_of(question)));
    json_add_int(out, "points", question->points);
    json_add_int(out, "attempts", question->attempts);
    json_add_int(out, "from_us", question->from_us);
    json_add_int(out, "to_us", question->to_us);
    json_add_int(out, "variants", question->forms->len);
    if (form->choices->len > 0) {
        json_add_int(out, "choices", form->choices->len);
    }
    return out;
}

static cJSON *seat_json(const struct plan *plan, const struct plan_exam_seat *seat)
{
    const struct plan_team *team = plan->teams->pdata[seat->team];
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "id", seat->id);
    cJSON_AddStringToObject(out, "team", team->id);
    json_add_int(out, "factor_milli", seat->factor_milli);
    json_add_int(out, "extra_us", seat->extra_us);
    cJSON *variants = cJSON_AddObjectToObject(out, "variants");
    cJSON *secrets = cJSON_AddObjectToObject(out, "secrets");
    for (guint i = 0; i < plan->exam->questions->len; i++) {
        const struct plan_exam_question *question = plan->exam->questions->pdata[i];
        json_add_int(variants, question->name, g_array_index(seat->forms, int, i) + 1);
        const char *secret = seat->secrets->pdata[i];
        if (secret) {
            g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, secret, -1);
            cJSON_AddStringToObject(secrets, question->name, digest);
        }
    }
    return out;
}

cJSON *plan_exam_json(const struct plan *plan)
{
    const struct plan_exam *exam = plan->exam;
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "group", exam->candidates ? exam->candidates : "");
    json_add_int(out, "duration_us", exam->duration_us);
    json_add_int(out, "pass", exam->pass);
    json_add_int(out, "points", plan_exam_points(exam));
    cJSON_AddBoolToObject(out, "two_persons", exam->two_persons);
    cJSON_AddBoolToObject(out, "feedback", exam->feedback);
    cJSON_AddStringToObject(out, "prefix", exam->prefix);
    cJSON_AddStringToObject(out, "nonce", exam->nonce ? exam->nonce : "");
    cJSON_AddStringToObject(out, "key_id", exam->key_id ? exam->key_id : "");
    cJSON *skills = cJSON_AddArrayToObject(out, "skills");
    cJSON *questions = cJSON_AddArrayToObject(out, "questions");
    cJSON *candidates = cJSON_AddArrayToObject(out, "candidates");
    cJSON *examiners = cJSON_AddArrayToObject(out, "examiners");
    for (guint i = 0; i < exam->skills->len; i++) {
        cJSON_AddItemToArray(skills, skill_json(exam->skills->pdata[i]));
    }
    for (guint i = 0; i < exam->questions->len; i++) {
        cJSON_AddItemToArray(questions, question_json(exam->questions->pdata[i]));
    }
    for (guint i = 0; i < exam->seats->len; i++) {
        cJSON_AddItemToArray(candidates, seat_json(plan, exam->seats->pdata[i]));
    }
    for (guint i = 0; i < exam->examiners->len; i++) {
        const struct plan_exam_examiner *examiner = exam->examiners->pdata[i];
        cJSON_AddItemToArray(examiners, cJSON_CreateString(examiner->id));
    }
    return out;
}
