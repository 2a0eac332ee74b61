/* app_report.c - the report from the screen: `sandtable report` in a thread, the page opened. */
#include "app_private.h"

#include "words.h"

#include <string.h>

struct report {
    GThread *thread;
    char *program, *what; /* the exercise's name, or its ledger */
    char *text;           /* the path of the page, or why there is none */
    bool failed;
    gint done;
};

static gpointer write_report(gpointer data)
{
    struct report *report = data;
    const char *const argv[] = {report->program, "report", report->what, NULL};
    g_autofree char *out = NULL;
    g_autofree char *err = NULL;
    g_autoptr(GError) error = NULL;
    int status = 0;
    bool ran = g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_STDIN_FROM_DEV_NULL, NULL, NULL,
            &out, &err, &status, &error);
    report->failed = !ran || !g_spawn_check_wait_status(status, NULL);
    const char *text = !ran ? error->message : report->failed ? err : out;
    report->text = g_utf8_make_valid(text, -1);
    g_strstrip(report->text);
    g_atomic_int_set(&report->done, 1);
    app_wake()(NULL);
    return NULL;
}

void report_begin(struct app *app)
{
    if (app->report || !app->view.reports) {
        app_say(app, true,
                g_strdup(app->report ? tr("The report is being written")
                                     : tr("A file of events has no report; a ledger has")));
        return;
    }
    struct report *report = g_new0(struct report, 1);
    report->program = spawn_program();
    report->what = g_strdup(app->ledger ? app->ledger : app->name);
    app->report = report;
    app_say(app, false, g_strdup(tr("The report is being written")));
    report->thread = g_thread_new("display-report", write_report, report);
}

static void report_free(struct report *report)
{
    g_thread_join(report->thread);
    g_free(report->program);
    g_free(report->what);
    g_free(report->text);
    g_free(report);
}

/* For those who have a desktop; the path is said in any case. */
static void open_page(const char *path)
{
    g_autofree char *opener = g_find_program_in_path("xdg-open");
    if (opener) {
        const char *const argv[] = {opener, path, NULL};
        (void)g_spawn_async(NULL, (char **)argv, NULL,
                G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL, NULL);
    }
}

void report_take(struct app *app)
{
    struct report *report = app->report;
    if (!report || !g_atomic_int_get(&report->done)) {
        return;
    }
    app->report = NULL;
    if (report->failed) {
        app_say(app, true, g_strdup_printf(tr("No report: %s"), report->text));
    } else {
        app_say(app, false, g_strdup_printf(tr("Report: %s"), report->text));
        open_page(report->text);
    }
    report_free(report);
}

void report_end(struct app *app)
{
    if (app->report) {
        report_free(g_steal_pointer(&app->report));
    }
}
