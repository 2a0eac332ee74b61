/* standings.c - the standings as a table on stdout. */
#include "cli/standings.h"

#include "base/json.h"

#include <stdio.h>

void standings_print(const cJSON *score)
{
    int rank = 0;
    const cJSON *team = NULL;
    printf("%4s  %-10s %-20s %7s %7s %8s %7s %8s\n", "rank", "team", "", "total", "uptime",
            "penalty", "effect", "blocked");
    cJSON_ArrayForEach(team, json_array(score, "teams"))
    {
        printf("%4d  %-10s %-20s %7d %7d %8d %7d %8d\n", ++rank, json_string(team, "team", ""),
                json_string(team, "title", ""), (int)json_int(team, "total", 0),
                (int)json_int(team, "uptime", 0), (int)json_int(team, "penalty", 0),
                (int)json_int(team, "effect", 0), (int)json_int(team, "blocked", 0));
    }
}
