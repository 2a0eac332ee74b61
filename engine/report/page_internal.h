/* page_internal.h - how the report's page is written: escaped text, words in two languages. */
#pragma once

#include "report/page.h"

/* A word of page_words.c in a literal handed to page_add(), as HTML and inside an SVG text. The
 * marks are control characters, which escaped text never has. */
#define W(key) "\001" key "\002"
#define WT(key) "\003" key "\002"

/* Appends; every %s is escaped. */
void page_add(GString *out, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Appends the word of a key that is known only now; of none, the key itself, escaped. */
void page_word(GString *out, const char *key);

/* Appends at most so many characters, escaped, and says when there were more. */
void page_cut(GString *out, const char *text, long max);

/* Puts the words where their marks are. */
void page_put_words(GString *out);

/* "12.5": at most two digits after the point; the caller's. */
char *page_number(double value);
char *page_signed(double value);
/* Exercise time as 1:05 or 1:02:03; a length of time the same, rounded to seconds: no language has
 * other words for it. The caller's. */
char *page_clock(gint64 us);
char *page_length(gint64 us);
/* Wall clock as 2026-01-01 10:00:00 UTC; the caller's. */
char *page_date(gint64 wall_us);

/* A template with {{NAME}} where slots write. */
struct page_slot {
    const char *name;
    void (*write)(GString *out, const cJSON *document);
};
void page_fill(GString *out, const char *template,
        const struct page_slot *slots, /* ends with {0} */
        const cJSON *document);

/* The team's title, else its id. */
const char *page_team_title(const cJSON *document, const char *team);
/* Its row of the standings, or NULL. */
const cJSON *page_team(const cJSON *document, const char *team);
bool page_defends(const cJSON *document, const char *team); /* it has services or was attacked */

/* A verdict as shape and word: never by its colour alone. */
void page_verdict(GString *out, const char *verdict);
/* The same shape within a picture. */
void page_verdict_shape(GString *out, const char *verdict, double x, double y);
/* "T1046 Network Service Discovery" */
void page_technique(GString *out, const cJSON *attack);
/* A time axis from 0 to the end of the run between two places of a picture. */
void page_axis(GString *out, gint64 end_us, double left, double right, double top, double bottom);
double page_x(gint64 at_us, gint64 end_us, double left, double right);
gint64 page_end_us(const cJSON *document);

/* page_head.c */
void page_head(GString *out, const cJSON *document);
void page_glance(GString *out, const cJSON *document);
void page_remarks(GString *out, const cJSON *document);
/* page_score.c */
void page_standings(GString *out, const cJSON *document);
void page_lines(GString *out, const cJSON *document);
void page_terms(GString *out, const cJSON *document, const char *team);
/* page_services.c */
void page_matrix(GString *out, const cJSON *document);
void page_outages(GString *out, const cJSON *document, const char *team);
/* page_attacks.c */
void page_timeline(GString *out, const cJSON *document);
void page_steps(GString *out, const cJSON *document);
void page_responses(GString *out, const cJSON *document);
/* page_coverage.c */
void page_coverage(GString *out, const cJSON *document);
/* page_exam.c */
bool page_has_marks(const cJSON *document);
void page_exam_glance(GString *out, const cJSON *document);
void page_marks(GString *out, const cJSON *document); /* heads and rows of a table */
void page_candidates(GString *out, const cJSON *document);
/* page_teams.c */
void page_teams(GString *out, const cJSON *document);

/* The files of report/ that the build puts into the program. */
extern const unsigned char page_file_aar_html[], page_file_aar_css[], page_file_print_css[];
