/* main.c - the program: hands over to a verb. */
#include "cli/cli.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

static gint by_order(gconstpointer a, gconstpointer b)
{
    const struct verb *const *left = a;
    const struct verb *const *right = b;
    int order = (*left)->order - (*right)->order;
    return order ? order : strcmp((*left)->name, (*right)->name);
}

static void print_help(FILE *to)
{
    fputs("usage: sandtable VERB …\n\n"
          "A cyber range on one host: real machines, sealed networks, attacks, checks, scores.\n\n",
            to);
    g_autoptr(GPtrArray) verbs = g_ptr_array_new();
    for (const struct verb *const *verb = cli_verbs; *verb; verb++) {
        g_ptr_array_add(verbs, (gpointer)*verb);
    }
    g_ptr_array_sort(verbs, by_order);
    for (guint i = 0; i < verbs->len; i++) {
        const struct verb *verb = verbs->pdata[i];
        fprintf(to, "  %-11s %s\n", verb->name, verb->summary);
    }
    fputs("\n`sandtable VERB --help` says more; man sandtable says it all.\n", to);
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    /* numbers and the order of texts are the same everywhere: in output, plans and scenarios */
    setlocale(LC_NUMERIC, "C");
    setlocale(LC_COLLATE, "C");
    if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
            !strcmp(argv[1], "help")) {
        print_help(argc < 2 ? stderr : stdout);
        return argc < 2 ? 2 : 0;
    }
    if (!strcmp(argv[1], "--version")) {
        puts("sandtable " SANDTABLE_VERSION);
        return 0;
    }
    return cli_main(argc - 1, argv + 1);
}
