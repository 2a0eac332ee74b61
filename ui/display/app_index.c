/* app_index.c - the index of a finished ledger: used when there is one, else kept for next time. */
#include "app_private.h"

#include "ledger/ledger.h"

/* A finished ledger that was read before: its end, and every moment of it, at once. */
void index_use(struct app *app)
{
    if (app->ledger && !ledger_is_locked(app->ledger, NULL) &&
            history_load(app->history, app->head)) {
        app->indexed = source_skip(app->source, app->head->seq + 1);
        layout_load(app);
    }
}

/* All of a finished ledger is read: the next start needs not read it. */
void index_keep(struct app *app)
{
    if (app->ledger && !app->indexed && app->head->state >= MODEL_ENDED &&
            !ledger_is_locked(app->ledger, NULL)) {
        app->indexed = true;
        model_settle(app->head);
        (void)history_save(app->history, app->head); /* without it the next start is slow */
    }
}
