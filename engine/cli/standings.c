/* standings.c - the standings as a table on stdout. */
#include "cli/standings.h"

#include "base/json.h"
#include "cli/cli_view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS_MAX 8 /* more do not fit a terminal; --json has them all */

/* Whole numbers as such, others to two digits: rounding is for people's eyes only. */
static char *number_text(double value)
{
    return value == floor(value) && fabs(value) < 1e15 ? g_strdup_printf("%.0f", value)
                                                       : g_strdup_printf("%.2f", value);
}

/* Columns in which somebody has something, or that any exercise has. */
static bool is_shown(const cJSON *score, const char *column)
{
    bool usual = strcmp(column, "adjusted") != 0;
    const cJSON *team = NULL;
    cJSON_ArrayForEach(team, json_array(score, "teams"))
    {
        usual |= json_number(json_object(team, "columns"), column, 0) != 0;
    }
    return usual;
}

static GPtrArray *shown_columns(const cJSON *score)
{
    GPtrArray *names = g_ptr_array_new();
    const cJSON *name = NULL;
    cJSON_ArrayForEach(name, json_array(score, "columns"))
    {
        if (cJSON_IsString(name) && names->len < COLUMNS_MAX &&
                is_shown(score, name->valuestring)) {
            g_ptr_array_add(names, name->valuestring);
        }
    }
    return names;
}

void standings_print(const cJSON *score)
{
    g_autoptr(GPtrArray) names = shown_columns(score);
    g_autoptr(GPtrArray) heads = g_ptr_array_new_with_free_func(g_free);
    const char *tie = json_string(score, "tie", NULL);
    GString *align = g_string_new(tie ? "rllrr" : "rllr");
    const char *const first[] = {"RANK", "TEAM", "", "TOTAL", "TIE"};
    for (gsize i = 0; i < G_N_ELEMENTS(first) - !tie; i++) {
        g_ptr_array_add(heads, g_strdup(first[i]));
    }
    for (guint i = 0; i < names->len; i++) {
        g_ptr_array_add(heads, g_ascii_strup(names->pdata[i], -1));
        g_string_append_c(align, 'r');
    }
    struct cli_table *table = cli_table_new(align->str, (const char *const *)heads->pdata);
    const cJSON *team = NULL;
    cJSON_ArrayForEach(team, json_array(score, "teams"))
    {
        g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(cells, g_strdup_printf("%" G_GINT64_FORMAT, json_int(team, "rank", 0)));
        g_ptr_array_add(cells, g_strdup(json_string(team, "team", "")));
        g_ptr_array_add(cells, g_strdup(json_string(team, "title", "")));
        g_ptr_array_add(cells, number_text(json_number(team, "total", 0)));
        if (tie) {
            g_ptr_array_add(cells, number_text(json_number(team, "tie", 0)));
        }
        for (guint i = 0; i < names->len; i++) {
            double points = json_number(json_object(team, "columns"), names->pdata[i], 0);
            g_ptr_array_add(cells, number_text(points));
        }
        cli_table_add(table, (const char *const *)cells->pdata);
    }
    cli_table_print(table);
    if (tie) {
        printf("of equal totals less TIE stands first: %s\n", tie);
    }
    g_string_free(align, TRUE);
}
