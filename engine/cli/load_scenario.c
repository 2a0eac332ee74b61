/* load_scenario.c - a scenario from its file, with what images say of its machines. */
#include "cli/load_scenario.h"

#include "image/image.h"
#include "image/import.h"

static char **names_of(const GPtrArray *images)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    for (guint i = 0; i < images->len; i++) {
        g_strv_builder_add(builder, ((const struct plan_image *)images->pdata[i])->name);
    }
    return g_strv_builder_end(builder);
}

struct script *cli_load_scenario(
        const char *path, struct plan **ret_plan, GPtrArray *problems, GError **error)
{
    g_autoptr(GPtrArray) images = image_plan_images(error);
    g_auto(GStrv) names = images ? names_of(images) : NULL;
    struct script *script =
            names ? script_load_with(path, (const char *const *)names, ret_plan, problems, error)
                  : NULL;
    if (!script) {
        return NULL;
    }
    plan_apply_images(*ret_plan, images, problems);
    if (problems->len > 0) {
        script_free(script);
        plan_free(*ret_plan);
        *ret_plan = NULL;
        return NULL;
    }
    return script;
}
