/* export_ctftime.c - CTFtime's scoreboard feed: tasks and standings.
 *
 * Tasks are the parts of the score ("uptime", "defence" …); a team's points in a part and the time
 * of its last term there are its taskStats, the last of all its lastAccept (seconds since 1970).
 */
#include "report/export_internal.h"

#include "base/json.h"

#include <string.h>

static void add_stats(cJSON *standing, const cJSON *document, const cJSON *row)
{
    cJSON *stats = cJSON_AddObjectToObject(standing, "taskStats");
    const cJSON *column = NULL;
    gint64 last_us = -1;
    cJSON_ArrayForEach(column, json_object(row, "columns"))
    {
        gint64 at_us = -1;
        const cJSON *group = NULL;
        cJSON_ArrayForEach(group, json_array(document, "terms"))
        {
            if (!strcmp(json_string(group, "team", ""), json_string(row, "team", "")) &&
                    !strcmp(json_string(group, "part", ""), column->string)) {
                at_us = MAX(at_us, json_int(group, "last_us", 0));
            }
        }
        if (at_us < 0) {
            continue;
        }
        cJSON *stat = cJSON_AddObjectToObject(stats, column->string);
        cJSON_AddNumberToObject(stat, "points", column->valuedouble);
        json_add_int(stat, "time", export_wall_us(document, at_us) / G_USEC_PER_SEC);
        last_us = MAX(last_us, at_us);
    }
    json_add_int(standing, "lastAccept",
            last_us < 0 ? 0 : export_wall_us(document, last_us) / G_USEC_PER_SEC);
}

char *export_ctftime(const cJSON *document)
{
    auto_json out = cJSON_CreateObject();
    const cJSON *score = json_object(document, "score");
    const cJSON *row = NULL;
    cJSON_AddItemToObject(out, "tasks", cJSON_Duplicate(json_array(score, "columns"), true));
    cJSON *standings = cJSON_AddArrayToObject(out, "standings");
    cJSON_ArrayForEach(row, json_array(score, "teams"))
    {
        const char *title = json_string(row, "title", "");
        cJSON *standing = cJSON_CreateObject();
        json_add_int(standing, "pos", json_int(row, "rank", 0));
        cJSON_AddStringToObject(standing, "team", *title ? title : json_string(row, "team", ""));
        cJSON_AddNumberToObject(standing, "score", json_number(row, "total", 0));
        add_stats(standing, document, row);
        cJSON_AddItemToArray(standings, standing);
    }
    g_autofree char *text = json_text(out);
    return g_strconcat(text, "\n", NULL);
}
