/* model_restore.c - teams put back to a checkpoint: what came after it counts no more. */
#include "model_private.h"

#include "base/json.h"
#include "words.h"

/* Looks at a service since the checkpoint are as if they had not been; what it is now, the next
 * look says. */
static void restore_cells(struct model *model, const bool *back, const cJSON *body)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(body, "services"))
    {
        int team = model_team_index(model, json_string(item, "team", ""));
        int service = model_service_index(model, json_string(item, "service", ""));
        struct model_cell *cell = model_cell_at(model, service, team);
        guint passed = (guint)CLAMP(json_int(item, "passed", 0), 0, G_MAXINT32);
        guint failed = (guint)CLAMP(json_int(item, "failed", 0), 0, G_MAXINT32);
        if (cell && back[team] && (cell->passed != passed || cell->failed != failed)) {
            cell->passed = passed;
            cell->failed = failed;
            cell->history = cell->checks = 0; /* how the last ones before it went, nobody says */
        }
    }
}

void model_on_restored(struct model *model, const struct event *event, const cJSON *body)
{
    g_autofree bool *back = g_new0(bool, model->teams->len + 1);
    const cJSON *id = NULL;
    cJSON_ArrayForEach(id, json_array(body, "teams"))
    {
        int team = cJSON_IsString(id) ? model_team_index(model, id->valuestring) : -1;
        if (team >= 0) {
            back[team] = true;
        }
    }
    restore_cells(model, back, body);
    model_attacks_restore(model, back, body);
    model_mark(model, event->at_us, TONE_PLAIN, false);
    model_say(model, event, TONE_PLAIN, tr("%s: put back to checkpoint %s"),
            *event->team ? model_team_title(model, event->team) : tr("all"), event->subject);
}
