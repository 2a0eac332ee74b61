/* page_exam.c - the report's page of an exam: marks of all candidates, and a page for each.
 *
 * What is shown is the document's "marks", which exam_mark() made of the events: the same that the
 * signed results hold.
 */
#include "report/page_internal.h"

#include "base/json.h"

#include <string.h>

#define SKILLS_ACROSS 6 /* more do not fit the page side by side: then only how many were reached */

static const cJSON *candidates_of(const cJSON *document)
{
    return json_array(json_object(document, "marks"), "candidates");
}

bool page_has_marks(const cJSON *document)
{
    return cJSON_GetArraySize(candidates_of(document)) > 0;
}

/* ---- parts of rows ------------------------------------------------------------------------- */

/* Words of page_words.c; those of columns of numbers begin with '#'. */
static void heads(GString *out, const char *const *words)
{
    g_string_append(out, "<thead><tr>");
    for (; *words; words++) {
        bool number = **words == '#';
        g_string_append(out, number ? "<th class=n>" : "<th>");
        page_word(out, *words + number);
    }
    g_string_append(out, "</thead><tbody>");
}

/* Word and sign: never by its colour alone. */
static void result(GString *out, bool passed, const char *yes, const char *no)
{
    page_add(out, "<span class=\"result %s\"><i>%s</i> ", passed ? "is-passed" : "is-failed",
            passed ? "✓" : "✗");
    page_word(out, passed ? yes : no);
    g_string_append(out, "</span>");
}

static void candidate_result(GString *out, const cJSON *candidate)
{
    if (!json_bool(json_object(candidate, "clock"), "started", false)) {
        g_string_append(out, "<span class=\"result quiet\"><i>–</i> ");
        page_word(out, "not-started");
        g_string_append(out, "</span>");
        return;
    }
    result(out, json_bool(candidate, "passed", false), "passed", "not-passed");
}

/* "82.5 %" with a bar on which stands what was needed. */
static void share(GString *out, const cJSON *sum)
{
    double percent = json_number(sum, "percent", 0);
    gint64 pass = CLAMP(json_int(sum, "pass", 0), 0, 100);
    g_autofree char *text = page_number(percent);
    page_add(out,
            "<b>%s %%</b><svg class=bar viewBox=\"0 0 100 6\" preserveAspectRatio=none "
            "aria-hidden=true><rect width=\"%.1f\" height=6 />",
            text, CLAMP(percent, 0, 100));
    if (pass > 0) {
        page_add(out, "<path class=halo d=\"M%d -2V8\"/><path class=need d=\"M%d -2V8\"/>",
                (int)pass, (int)pass);
    }
    g_string_append(out, "</svg>");
}

static void points(GString *out, const cJSON *sum)
{
    g_autofree char *is = page_number(json_number(sum, "points", 0));
    g_autofree char *of = page_number(json_number(sum, "of", 0));
    page_add(out, "%s / %s", is, of);
}

static gint64 credited_us(const cJSON *candidate)
{
    const cJSON *clock = json_object(candidate, "clock");
    return json_int(clock, "extended_us", 0) + json_int(clock, "stood_us", 0);
}

static void signed_length(GString *out, gint64 us)
{
    g_autofree char *length = page_length(ABS(us));
    page_add(out, "%s%s", us < 0 ? "−" : "+", length);
}

/* Did the clock keep it from counting, or would it have, but that two persons accepted it? */
static bool is_outside(const cJSON *answer)
{
    static const char *const kinds[] = {"late", "after the question's window",
            "before the question's window", "handed in before", "in a pause", "before the start",
            NULL};
    return json_bool(answer, "accepted", false) ||
           g_strv_contains(kinds, json_string(answer, "why", ""));
}

static int outside_of(const cJSON *candidate)
{
    int count = 0;
    const cJSON *question = NULL;
    cJSON_ArrayForEach(question, json_array(candidate, "questions"))
    {
        const cJSON *answer = NULL;
        cJSON_ArrayForEach(answer, json_array(question, "answers"))
        {
            count += is_outside(answer);
        }
    }
    return count;
}

/* ---- at a glance --------------------------------------------------------------------------- */

void page_exam_glance(GString *out, const cJSON *document)
{
    int all = 0;
    int started = 0;
    int passed = 0;
    int moved = 0;
    int outside = 0;
    const cJSON *candidate = NULL;
    cJSON_ArrayForEach(candidate, candidates_of(document))
    {
        all++;
        started += json_bool(json_object(candidate, "clock"), "started", false);
        passed += json_bool(candidate, "passed", false);
        moved += credited_us(candidate) != 0;
        outside += outside_of(candidate);
    }
    page_add(out, "<div class=tile><b>%d / %d</b><span>", passed, started);
    page_word(out, "candidates-passed");
    page_add(out, "</span><small>");
    page_word(out, "candidates-seats");
    page_add(out, " %d</small></div><div class=tile><b>%d</b><span>", all, moved);
    page_word(out, "clocks-moved");
    g_string_append(out, "</span><small>");
    page_word(out, "answers-outside");
    page_add(out, " %d</small></div>", outside);
}

/* ---- all candidates ------------------------------------------------------------------------ */

static void skill_heads(GString *out, const cJSON *skills, bool across)
{
    const cJSON *shown = across ? skills : NULL;
    const cJSON *skill = NULL;
    g_string_append(out, "<thead><tr><th>");
    page_word(out, "candidate");
    g_string_append(out, "<th>");
    page_word(out, "result");
    g_string_append(out, "<th class=wide>");
    page_word(out, "mark");
    cJSON_ArrayForEach(skill, shown)
    {
        page_add(out, "<th class=skill>%s", json_string(skill, "title", ""));
    }
    if (!across) {
        g_string_append(out, "<th class=n>");
        page_word(out, "skills-reached");
    }
    g_string_append(out, "<th class=n>");
    page_word(out, "credited");
    g_string_append(out, "<th class=n>");
    page_word(out, "outside-time");
    g_string_append(out, "</thead><tbody>");
}

static void skill_cells(GString *out, const cJSON *skills, bool across)
{
    const cJSON *skill = NULL;
    int reached = 0;
    cJSON_ArrayForEach(skill, skills)
    {
        bool passed = json_bool(skill, "passed", false);
        reached += passed;
        if (across) {
            g_autofree char *percent = page_number(json_number(skill, "percent", 0));
            page_add(out, "<td class=skill><span class=\"result %s\"><i>%s</i> %s %%</span>",
                    passed ? "is-passed" : "is-failed", passed ? "✓" : "✗", percent);
        }
    }
    if (!across) {
        page_add(out, "<td class=n>%d / %d", reached, cJSON_GetArraySize(skills));
    }
}

static void candidate_row(GString *out, const cJSON *document, const cJSON *candidate, bool across)
{
    const char *id = json_string(candidate, "candidate", "");
    const char *team = json_string(candidate, "team", "");
    page_add(out, "<tr><td><a href=\"#team-%s\">%s</a> <small>%s</small><td>", team, id,
            page_team_title(document, team));
    candidate_result(out, candidate);
    g_string_append(out, "<td class=wide>");
    share(out, json_object(candidate, "total"));
    g_string_append(out, "<small>");
    points(out, json_object(candidate, "total"));
    g_string_append(out, "</small>");
    skill_cells(out, json_array(candidate, "skills"), across);
    g_string_append(out, "<td class=n>");
    if (credited_us(candidate) != 0) {
        signed_length(out, credited_us(candidate));
    } else {
        g_string_append(out, "–");
    }
    int outside = outside_of(candidate);
    if (outside > 0) {
        page_add(out, "<td class=n>%d", outside);
    } else {
        g_string_append(out, "<td class=n>–");
    }
}

/* What the whole and each skill needed; the same for everybody. */
static void needed_row(GString *out, const cJSON *candidate, bool across)
{
    const cJSON *shown = across ? json_array(candidate, "skills") : NULL;
    const cJSON *skill = NULL;
    g_string_append(out, "</tbody><tfoot><tr><th colspan=2>");
    page_word(out, "needed");
    page_add(
            out, "<th class=wide>%d %%", (int)json_int(json_object(candidate, "total"), "pass", 0));
    cJSON_ArrayForEach(skill, shown)
    {
        page_add(out, "<th class=skill>%d %%", (int)json_int(skill, "pass", 0));
    }
    page_add(out, "<th colspan=%d></tfoot>", across ? 2 : 3);
}

void page_marks(GString *out, const cJSON *document)
{
    const cJSON *first = cJSON_GetArrayItem(candidates_of(document), 0);
    const cJSON *skills = json_array(first, "skills");
    bool across = cJSON_GetArraySize(skills) <= SKILLS_ACROSS;
    const cJSON *candidate = NULL;
    if (!first) {
        return;
    }
    skill_heads(out, skills, across);
    cJSON_ArrayForEach(candidate, candidates_of(document))
    {
        candidate_row(out, document, candidate, across);
    }
    needed_row(out, first, across);
}

/* ---- one candidate ------------------------------------------------------------------------- */

static void sum_row(GString *out, const char *title, const cJSON *sum)
{
    if (title) {
        page_add(out, "<tr><td>%s<td class=wide>", title);
    } else {
        g_string_append(out, "<tr class=whole><td>");
        page_word(out, "whole-exam");
        g_string_append(out, "<td class=wide>");
    }
    share(out, sum);
    g_string_append(out, "<td class=n>");
    points(out, sum);
    page_add(out, "<td class=n>%d %%<td>", (int)json_int(sum, "pass", 0));
    result(out, json_bool(sum, "passed", false), "reached", "missed-mark");
}

static void sums(GString *out, const cJSON *candidate)
{
    static const char *const words[] = {"skill", "share", "#points", "#needed", "result", NULL};
    const cJSON *skill = NULL;
    g_string_append(out, "<table class=sums>");
    heads(out, words);
    cJSON_ArrayForEach(skill, json_array(candidate, "skills"))
    {
        sum_row(out, json_string(skill, "title", ""), skill);
    }
    sum_row(out, NULL, json_object(candidate, "total"));
    g_string_append(out, "</tbody></table>");
}

static const cJSON *deciding(const cJSON *question)
{
    const cJSON *answer = NULL;
    gint64 seq = json_int(question, "decided_by", 0);
    cJSON_ArrayForEach(answer, json_array(question, "answers"))
    {
        if (seq > 0 && json_int(answer, "seq", 0) == seq) {
            return answer;
        }
    }
    return NULL;
}

static void question_row(GString *out, const cJSON *question)
{
    const cJSON *answer = deciding(question);
    gint64 most = json_int(question, "attempts_max", 0);
    g_autofree char *limit = most ? g_strdup_printf(" / %d", (int)most) : g_strdup("");
    g_autofree char *kind = g_strconcat("kind-", json_string(question, "kind", ""), NULL);
    page_add(out, "<tr><td>%s<td>", json_string(question, "title", ""));
    page_word(out, kind);
    page_add(out, "<td class=n>%d<td class=n>%d%s<td class=n>",
            (int)json_int(question, "variant", 0), (int)json_int(question, "attempts", 0), limit);
    points(out, question);
    g_string_append(out, "<td class=n>");
    if (answer) {
        g_autofree char *at = page_clock(json_int(answer, "elapsed_us", 0));
        page_add(out, "%s<td class=n>%" G_GINT64_FORMAT "<td>", at, json_int(answer, "seq", 0));
    } else {
        g_string_append(out, "–<td class=n>–<td>");
    }
    if (json_bool(answer, "accepted", false)) {
        page_word(out, "accepted");
    } else if (json_bool(answer, "last", false)) {
        page_word(out, "looked-last");
    }
}

static void questions(GString *out, const cJSON *candidate)
{
    static const char *const words[] = {
            "question", "kind", "#variant", "#attempts", "#points", "#clock", "#event", "", NULL};
    const cJSON *question = NULL;
    g_string_append(out, "<h4>");
    page_word(out, "questions");
    g_string_append(out, "</h4><div class=scroll><table class=questions>");
    heads(out, words);
    cJSON_ArrayForEach(question, json_array(candidate, "questions"))
    {
        question_row(out, question);
    }
    g_string_append(out, "</tbody></table></div>");
}

static void outside_rows(GString *out, const cJSON *candidate)
{
    const cJSON *question = NULL;
    cJSON_ArrayForEach(question, json_array(candidate, "questions"))
    {
        const cJSON *answer = NULL;
        cJSON_ArrayForEach(answer, json_array(question, "answers"))
        {
            if (!is_outside(answer)) {
                continue;
            }
            g_autofree char *at = page_clock(json_int(answer, "elapsed_us", 0));
            const cJSON *ok = cJSON_GetObjectItemCaseSensitive(answer, "ok");
            page_add(out, "<tr><td>%s<td class=n>%s<td>", json_string(question, "title", ""), at);
            page_word(out, cJSON_IsTrue(ok) ? "right" : cJSON_IsFalse(ok) ? "wrong" : "unknown");
            g_string_append(out, "<td>");
            page_word(out, json_bool(answer, "accepted", false) ? "accepted"
                                                                : json_string(answer, "why", ""));
            page_add(out, "<td class=n>%" G_GINT64_FORMAT, json_int(answer, "seq", 0));
        }
    }
}

static void outside(GString *out, const cJSON *candidate)
{
    static const char *const words[] = {
            "question", "#clock", "answer-was", "what-of-it", "#event", NULL};
    if (outside_of(candidate) == 0) {
        return;
    }
    g_string_append(out, "<h4>");
    page_word(out, "outside");
    g_string_append(out, "</h4><table class=outside>");
    heads(out, words);
    outside_rows(out, candidate);
    g_string_append(out, "</tbody></table>");
}

static void credits(GString *out, const cJSON *candidate)
{
    static const char *const words[] = {"credit", "#credited", "reason", "#at", "#event", NULL};
    const cJSON *list = json_array(json_object(candidate, "clock"), "credits");
    const cJSON *credit = NULL;
    if (!cJSON_GetArraySize(list)) {
        return;
    }
    g_string_append(out, "<h4>");
    page_word(out, "credits");
    g_string_append(out, "</h4><table class=credits>");
    heads(out, words);
    cJSON_ArrayForEach(credit, list)
    {
        g_autofree char *what = g_strconcat("credit-", json_string(credit, "what", ""), NULL);
        g_autofree char *at = page_clock(json_int(credit, "at_us", 0));
        gint64 us = json_int(credit, "us", 0);
        g_string_append(out, "<tr><td>");
        page_word(out, what);
        g_string_append(out, "<td class=n>");
        if (us != 0) {
            signed_length(out, us);
        }
        page_add(out, "<td>%s<td class=n>%s<td class=n>%" G_GINT64_FORMAT,
                json_string(credit, "reason", ""), at, json_int(credit, "seq", 0));
    }
    g_string_append(out, "</tbody></table>");
}

static void clock_line(GString *out, const cJSON *candidate)
{
    const cJSON *clock = json_object(candidate, "clock");
    g_autofree char *allowed = page_length(json_int(clock, "allowed_us", 0));
    g_autofree char *factor = page_number((double)json_int(clock, "factor_milli", 1000) / 1000);
    g_string_append(out, "<p class=place>");
    candidate_result(out, candidate);
    g_string_append(out, " · ");
    page_word(out, "allowed");
    page_add(out, " <b>%s</b>", allowed);
    if (strcmp(factor, "1") != 0) {
        g_string_append(out, " · ");
        page_word(out, "factor");
        page_add(out, " <b>%s</b>", factor);
    }
    if (json_int(clock, "extra_us", 0) != 0) {
        g_string_append(out, " · ");
        page_word(out, "extra");
        g_string_append(out, " <b>");
        signed_length(out, json_int(clock, "extra_us", 0));
        g_string_append(out, "</b>");
    }
    if (json_bool(clock, "handed_in", false)) {
        g_string_append(out, " · ");
        page_word(out, "handed-in");
    }
    g_string_append(out, "</p>");
}

void page_candidates(GString *out, const cJSON *document)
{
    const cJSON *candidate = NULL;
    cJSON_ArrayForEach(candidate, candidates_of(document))
    {
        const char *id = json_string(candidate, "candidate", "");
        const char *team = json_string(candidate, "team", "");
        page_add(out, "<section class=team id=\"team-%s\"><h3>%s <small>%s · %s</small></h3>", team,
                id, page_team_title(document, team), team);
        clock_line(out, candidate);
        sums(out, candidate);
        questions(out, candidate);
        credits(out, candidate);
        outside(out, candidate);
        page_outages(out, document, team);
        g_string_append(out, "</section>");
    }
}
