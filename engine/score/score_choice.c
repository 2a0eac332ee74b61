/* score_choice.c - which models count and how: plan.score, read strictly. */
#include "score/score_internal.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

static bool refuse(GError **error, const char *place, const char *what)
{
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_SCENARIO, "score %s: %s", place, what);
    return false;
}

static bool in_range(const cJSON *value, double minimum, double maximum)
{
    return cJSON_IsNumber(value) && isfinite(value->valuedouble) && value->valuedouble >= minimum &&
           value->valuedouble <= maximum;
}

static bool read_setting(
        struct score_choice_of_model *choice, const cJSON *value, const char *place, GError **error)
{
    const struct score_param *params = choice->family->params;
    for (int i = 0; params && params[i].name; i++) {
        if (strcmp(params[i].name, value->string) != 0) {
            continue;
        }
        if (!in_range(value, params[i].minimum, params[i].maximum)) {
            g_autofree char *what = g_strdup_printf("%s must be a number from %g to %g",
                    value->string, params[i].minimum, params[i].maximum);
            return refuse(error, place, what);
        }
        choice->settings[i] = value->valuedouble;
        return true;
    }
    g_autoptr(GPtrArray) known = g_ptr_array_new();
    for (int i = 0; params && params[i].name; i++) {
        g_ptr_array_add(known, (gpointer)params[i].name);
    }
    const char *const always[] = {"model", "weight", "max", choice->family->choice};
    for (gsize i = 0; i < G_N_ELEMENTS(always); i++) {
        g_ptr_array_add(known, (gpointer)always[i]);
    }
    g_ptr_array_add(known, NULL);
    g_autofree char *hint = text_did_you_mean(value->string, (const char **)known->pdata);
    g_autofree char *what = g_strdup_printf(
            "the model %s has no setting \"%s\"%s", choice->family->name, value->string, hint);
    return refuse(error, place, what);
}

static bool read_word(
        struct score_choice_of_model *choice, const cJSON *value, const char *place, GError **error)
{
    const char *word = cJSON_IsString(value) ? value->valuestring : "";
    for (int i = 0; choice->family->words[i]; i++) {
        if (!strcmp(choice->family->words[i], word)) {
            choice->word = i;
            return true;
        }
    }
    g_autofree char *known = g_strjoinv(", ", (char **)choice->family->words);
    g_autofree char *what = g_strdup_printf("%s must be one of %s", value->string, known);
    return refuse(error, place, what);
}

static void choice_clear(gpointer data)
{
    score_custom_clear(((struct score_choice_of_model *)data)->custom);
}

static bool is_custom(const struct score_choice_of_model *choice)
{
    return !strcmp(choice->family->name, "custom");
}

static bool read_member(
        struct score_choice_of_model *choice, const cJSON *value, const char *place, GError **error)
{
    bool weight = !strcmp(value->string, "weight");
    if (!strcmp(value->string, "model")) {
        return true;
    }
    if (weight || !strcmp(value->string, "max")) {
        if (!in_range(value, weight ? 0 : 1e-9, 1e12)) {
            return refuse(error, place,
                    weight ? "weight must be a number from 0 on" : "max must be more than 0");
        }
        *(weight ? &choice->weight : &choice->max) = value->valuedouble;
        return true;
    }
    if (choice->family->choice && !strcmp(value->string, choice->family->choice)) {
        return read_word(choice, value, place, error);
    }
    if (is_custom(choice)) { /* its settings are for itself to judge */
        return true;
    }
    return read_setting(choice, value, place, error);
}

GArray *score_choices_new(void)
{
    GArray *choices = g_array_new(FALSE, TRUE, sizeof(struct score_choice_of_model));
    g_array_set_clear_func(choices, choice_clear);
    return choices;
}

const char *const *score_parts(const struct score_choice_of_model *choice)
{
    return choice->custom ? (const char *const *)choice->custom->parts : choice->family->parts;
}

static bool read_choice(
        const cJSON *item, const char *place, struct score_choice_of_model *ret, GError **error)
{
    const char *name = json_string(item, "model", NULL);
    if (!name) {
        return refuse(error, place, "model must name a scoring model");
    }
    *ret = (struct score_choice_of_model){.family = score_family(name), .weight = 1};
    if (!ret->family) {
        g_autofree char *hint = text_did_you_mean(name, (const char **)score_family_names());
        g_autofree char *what = g_strdup_printf("unknown model \"%s\"%s", name, hint);
        return refuse(error, place, what);
    }
    if (!strcmp(name, "adjust")) {
        return refuse(error, place, "adjust counts in every exercise; leave it out");
    }
    for (int i = 0; ret->family->params && ret->family->params[i].name; i++) {
        ret->settings[i] = ret->family->params[i].usual;
    }
    const cJSON *value = NULL;
    cJSON_ArrayForEach(value, item)
    {
        if (!read_member(ret, value, place, error)) {
            return false;
        }
    }
    if (is_custom(ret)) {
        g_autoptr(GError) why = NULL;
        ret->custom = score_custom_read(item, &why);
        return ret->custom || refuse(error, place, why->message);
    }
    return true;
}

bool score_read_choices(const cJSON *models, GArray *choices, GError **error)
{
    int n = cJSON_IsArray(models) ? cJSON_GetArraySize(models) : -1;
    if (n < 1 || n > SCORE_MODELS_MAX) {
        g_autofree char *what =
                g_strdup_printf("must be a list of 1 to %d models", SCORE_MODELS_MAX);
        return refuse(error, "models", what);
    }
    int at = 0;
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, models)
    {
        g_autofree char *place = g_strdup_printf("entry %d", ++at);
        struct score_choice_of_model choice;
        if (!read_choice(item, place, &choice, error)) {
            return false;
        }
        g_array_append_val(choices, choice);
    }
    return true;
}

bool score_check(const cJSON *models, GError **error)
{
    g_autoptr(GArray) choices = score_choices_new();
    return score_read_choices(models, choices, error);
}

static cJSON *family_json(const struct score_family *family)
{
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "model", family->name);
    cJSON_AddStringToObject(out, "summary", family->summary);
    cJSON *parts = cJSON_AddArrayToObject(out, "parts");
    for (int i = 0; family->parts[i]; i++) {
        cJSON_AddItemToArray(parts, cJSON_CreateString(family->parts[i]));
    }
    cJSON *settings = cJSON_AddArrayToObject(out, "settings");
    for (const struct score_param *param = family->params; param && param->name; param++) {
        cJSON *setting = cJSON_CreateObject();
        cJSON_AddStringToObject(setting, "name", param->name);
        cJSON_AddNumberToObject(setting, "usual", param->usual);
        cJSON_AddNumberToObject(setting, "minimum", param->minimum);
        cJSON_AddNumberToObject(setting, "maximum", param->maximum);
        cJSON_AddItemToArray(settings, setting);
    }
    if (family->choice) {
        cJSON_AddStringToObject(out, "choice", family->choice);
        cJSON *words = cJSON_AddArrayToObject(out, "words");
        for (int i = 0; family->words[i]; i++) {
            cJSON_AddItemToArray(words, cJSON_CreateString(family->words[i]));
        }
    }
    if (family->tie) {
        cJSON_AddStringToObject(out, "tie", family->tie);
    }
    return out;
}

cJSON *score_models_to_json(void)
{
    cJSON *list = cJSON_CreateArray();
    for (const char *const *name = score_family_names(); *name; name++) {
        cJSON_AddItemToArray(list, family_json(score_family(*name)));
    }
    return list;
}
