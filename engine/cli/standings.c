/* standings.c - the standings as a table on stdout. */
#include "cli/standings.h"

#include "base/json.h"
#include "cli/cli_view.h"

void standings_print(const cJSON *score)
{
    const char *const heads[] = {
            "RANK", "TEAM", "", "TOTAL", "UPTIME", "PENALTY", "EFFECT", "BLOCKED"};
    static const char *const members[] = {"total", "uptime", "penalty", "effect", "blocked"};
    struct cli_table *table = cli_table_new("rllrrrrr", heads);
    int rank = 0;
    const cJSON *team = NULL;
    cJSON_ArrayForEach(team, json_array(score, "teams"))
    {
        g_auto(GStrv) numbers = g_new0(char *, G_N_ELEMENTS(members) + 2);
        numbers[0] = g_strdup_printf("%d", ++rank);
        for (gsize i = 0; i < G_N_ELEMENTS(members); i++) {
            numbers[i + 1] = g_strdup_printf("%" G_GINT64_FORMAT, json_int(team, members[i], 0));
        }
        const char *const cells[] = {numbers[0], json_string(team, "team", ""),
                json_string(team, "title", ""), numbers[1], numbers[2], numbers[3], numbers[4],
                numbers[5]};
        cli_table_add(table, cells);
    }
    cli_table_print(table);
}
