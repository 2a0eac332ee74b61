/* cli_main.c - finds the verb, runs it, prints its error. */
#include "base/text.h"
#include "cli/cli.h"
#include "script/score_rules.h"

#include <string.h>

static int run_verb(const struct verb *verb, int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    int code = 1;
    /* a verb that takes files sees to them itself (keeps_root) */
    if (verb->keeps_root || cli_become_user(NULL, 0, argv, &error)) {
        code = verb->run(argc, argv, &error);
    }
    if (!error) {
        return code;
    }
    cli_say("%s", error->message);
    return sandtable_exit_code(error);
}

int cli_main(int argc, char **argv)
{
    script_provide_score_rules(); /* ledgers may have scoring models of their own */
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const struct verb *const *verb = cli_verbs; *verb; verb++) {
        if (!strcmp((*verb)->name, argv[0])) {
            return run_verb(*verb, argc, argv);
        }
        g_ptr_array_add(names, (gpointer)(*verb)->name);
    }
    g_ptr_array_add(names, NULL);
    g_autofree char *hint = text_did_you_mean(argv[0], (const char *const *)names->pdata);
    cli_say("unknown verb \"%s\"%s; `sandtable help` lists them", argv[0], hint);
    return 2;
}
