/* script.c - the life of a script. */
#include "script/task.h"

struct script *script_new(struct sandbox *sandbox)
{
    struct script *script = g_new0(struct script, 1);
    script->sandbox = sandbox;
    return script;
}

void script_free(struct script *script)
{
    if (!script) {
        return;
    }
    sandbox_free(script->sandbox);
    g_free(script);
}
