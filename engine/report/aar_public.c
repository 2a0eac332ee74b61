/* aar_public.c - the report as the public may have it.
 *
 * It is folded from the events as public.h gives them; only the score sees them whole, since a flag
 * that is not shown counts all the same. What the plan would tell about what was to come, and what
 * the terms of a score would tell about flags, is taken out of the document.
 */
#include "report/aar_internal.h"

#include "base/json.h"
#include "score/public.h"

static void take_out(cJSON *object, const char *const *members)
{
    for (; *members; members++) {
        cJSON_DeleteItemFromObjectCaseSensitive(object, *members);
    }
}

static void empty(cJSON *document, const char *list)
{
    cJSON_DeleteItemFromObjectCaseSensitive(document, list);
    cJSON_AddArrayToObject(document, list);
}

static cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* What became of a step is known to all; how it was done, and how it is kept out, is not. */
static void publish_steps(cJSON *document)
{
    static const char *const secret[] = {"attack", "from", "to", "repair", "repair_zh", "reason",
            "evidence", "commands", "response", "title", NULL};
    cJSON *run = NULL;
    cJSON_ArrayForEach(run, member(document, "steps"))
    {
        take_out(run, secret);
        cJSON_AddStringToObject(run, "title", json_string(run, "step", ""));
    }
}

/* When a team last got points of a kind is public; for what is not. */
static void publish_terms(cJSON *document)
{
    cJSON *group = NULL;
    cJSON_ArrayForEach(group, member(document, "terms"))
    {
        cJSON_ReplaceItemInObjectCaseSensitive(group, "why", cJSON_CreateString(""));
        empty(group, "seqs");
    }
}

void aar_publish(cJSON *document)
{
    static const char *const secret[] = {"seed", "digest", NULL};
    take_out(member(document, "exercise"), secret);
    cJSON_AddTrueToObject(member(document, "exercise"), "public");
    public_score(member(document, "score"), NULL); /* the code is in "exercise" */
    publish_steps(document);
    publish_terms(document);
    empty(document, "coverage");
}
