/* exam_certificate.c - a verified result as one page to print: HTML, English and Chinese.
 *
 * The page holds all it needs and asks nobody: no script, no font, no picture from elsewhere. All
 * that comes from the result is escaped.
 */
#include "report/exam_result.h"

#include "base/json.h"

#include <string.h>

static const char style[] =
        "@page{size:A4;margin:0}"
        "*{box-sizing:border-box}"
        "body{margin:0;background:#e9e7e1;color:#1b2330;"
        "font:10.5pt/1.45 'Noto Sans','Noto Sans CJK SC','DejaVu Sans','PingFang SC',"
        "'Microsoft YaHei',sans-serif;-webkit-print-color-adjust:exact;print-color-adjust:exact}"
        ".page{width:210mm;height:297mm;margin:0 auto;padding:17mm 19mm 13mm;background:#fff;"
        "display:flex;flex-direction:column;border-top:4mm solid #17365c;overflow:hidden}"
        /* one page it is, so what is too long or too much is cut here and whole in the file */
        ".rows{flex:0 1 auto;min-height:0;overflow:hidden}"
        ".rows td:first-child{max-width:64mm;overflow:hidden;text-overflow:ellipsis;"
        "white-space:nowrap}"
        "h1 b{display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical;overflow:hidden;"
        "font-weight:inherit}"
        ".brand{display:flex;justify-content:space-between;color:#5b6676;font-size:9pt;"
        "letter-spacing:.04em}"
        "h1{margin:9mm 0 0;font-size:25pt;line-height:1.15;font-weight:600;color:#17365c}"
        "h1 span{display:block;font-size:14pt;font-weight:400;color:#5b6676;margin-top:1mm}"
        ".who{display:flex;gap:8mm;margin-top:8mm;padding:5mm 0;border-top:.3mm solid #c9ced6;"
        "border-bottom:.3mm solid #c9ced6;align-items:flex-start}"
        ".who div{flex:0 0 auto;white-space:nowrap}"
        ".who .grow{flex:1 1 0;white-space:normal}"
        ".label{display:block;font-size:8pt;color:#5b6676}"
        ".big{font-size:15pt;font-weight:600;overflow-wrap:anywhere}"
        ".verdict{flex:0 0 44mm!important;text-align:center;border:.6mm solid;border-radius:1.5mm;"
        "padding:2.5mm 3mm;font-size:14pt;font-weight:700;letter-spacing:.03em;line-height:1.2}"
        ".verdict small{display:block;font-size:10pt;font-weight:500}"
        ".yes{color:#0b5f43;border-color:#0b5f43}.no{color:#8a2b1c;border-color:#8a2b1c}"
        "table{width:100%;border-collapse:collapse;margin-top:5mm;font-size:9.5pt}"
        "th{text-align:left;font-weight:500;color:#5b6676;font-size:8pt;padding:0 2mm 1.2mm 0;"
        "border-bottom:.3mm solid #17365c;vertical-align:bottom}"
        "td{padding:1.35mm 2mm 1.35mm 0;border-bottom:.2mm solid #e1e4e9;vertical-align:top;"
        "overflow-wrap:anywhere}"
        ".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;padding-right:0;"
        "padding-left:3mm}"
        ".bar{width:42mm}.bar i{display:block;height:2.4mm;margin-top:1.1mm;background:#e1e4e9;"
        "position:relative}.bar b{display:block;height:100%;background:#17365c}"
        ".bar "
        "u{position:absolute;top:-.8mm;bottom:-.8mm;width:.5mm;background:#1b2330;box-shadow:0 0 0 "
        ".3mm #fff}"
        ".proof{margin-top:auto;padding-top:4mm;border-top:.3mm solid #c9ced6;display:flex;"
        "gap:8mm;font-size:8pt;color:#3c4757}"
        ".proof .code{font:600 19pt/1.1 'DejaVu Sans Mono','Noto Sans Mono',monospace;"
        "color:#17365c;letter-spacing:.05em;white-space:nowrap}"
        ".mono{font-family:'DejaVu Sans Mono','Noto Sans Mono',monospace;font-size:7.2pt;"
        "overflow-wrap:anywhere}"
        ".sign{display:flex;gap:14mm;margin:7mm 0 5mm}.sign div{flex:1;border-top:.3mm solid "
        "#1b2330;padding-top:1mm;font-size:8pt;color:#5b6676}"
        "@media screen{.page{margin:8mm auto;box-shadow:0 1mm 6mm #0003}}";

static void put(GString *out, const char *text)
{
    g_autofree char *escaped = g_markup_escape_text(text, -1);
    g_string_append(out, escaped);
}

static char *number_text(double value)
{
    return g_strdup_printf("%.10g", value);
}

static void put_sum_row(GString *out, const char *title, const cJSON *sum)
{
    double percent = json_number(sum, "percent", 0);
    int pass = (int)json_int(sum, "pass", 0);
    bool passed = json_bool(sum, "passed", false);
    g_autofree char *points = number_text(json_number(sum, "points", 0));
    g_autofree char *of = number_text(json_number(sum, "of", 0));
    g_string_append(out, "<tr><td>");
    put(out, title);
    g_string_append_printf(out,
            "</td><td class=bar><i><b style=\"width:%.1f%%\"></b><u style=\"left:%d%%\"></u></i>"
            "</td><td class=n>%s / %s</td><td class=n>%.4g %%</td><td class=n>%d %%</td>"
            "<td class=n>%s</td></tr>",
            CLAMP(percent, 0, 100), CLAMP(pass, 0, 100), points, of, percent, pass,
            passed ? "✓ reached 达到" : "✗ missed 未达到");
}

#define SKILLS_MAX 13 /* the same; the whole exam follows */

static void put_skills(GString *out, const cJSON *of)
{
    g_string_append(out,
            "<table><tr><th>Skill 能力<th><th class=n>Points 得分<th class=n>Share 比例"
            "<th class=n>Needed 要求<th class=n>Result 结果</tr>");
    const cJSON *skill = NULL;
    int n = 0;
    cJSON_ArrayForEach(skill, json_array(of, "skills"))
    {
        if (n++ >= SKILLS_MAX) {
            break;
        }
        put_sum_row(out, json_string(skill, "title", ""), skill);
    }
    put_sum_row(out, "Whole exam 总计", json_object(of, "total"));
    g_string_append(out, "</table>");
}

#define ROWS_MAX 17 /* of both tables: more do not fit the page; the file has them all */

static void put_kind(GString *out, const char *kind)
{
    static const char *const chinese[][2] = {{"choice", "选择"}, {"value", "数值"},
            {"secret", "密值"}, {"file", "文件"}, {"effect", "操作"}};
    put(out, kind);
    for (gsize i = 0; i < G_N_ELEMENTS(chinese); i++) {
        if (!strcmp(kind, chinese[i][0])) {
            g_string_append_printf(out, " %s", chinese[i][1]);
        }
    }
}

static void put_questions(GString *out, const cJSON *of)
{
    const cJSON *list = json_array(of, "questions");
    const cJSON *question = NULL;
    int n = 0;
    int room = CLAMP(ROWS_MAX - cJSON_GetArraySize(json_array(of, "skills")), 3, 12);
    g_string_append(out,
            "<table><tr><th>Question 题目<th>Kind 类型<th class=n>Variant 变体"
            "<th class=n>Attempts 次数<th class=n>Points 得分<th class=n>Event 事件</tr>");
    cJSON_ArrayForEach(question, list)
    {
        if (n++ >= room) {
            break;
        }
        g_autofree char *points = number_text(json_number(question, "points", 0));
        g_autofree char *full = number_text(json_number(question, "of", 0));
        gint64 seq = json_int(question, "decided_by", 0);
        g_autofree char *event = seq ? g_strdup_printf("%" G_GINT64_FORMAT, seq) : g_strdup("–");
        g_string_append(out, "<tr><td>");
        put(out, json_string(question, "title", ""));
        g_string_append(out, "</td><td>");
        put_kind(out, json_string(question, "kind", ""));
        g_string_append_printf(out,
                "</td><td class=n>%d</td><td class=n>%d</td><td class=n>%s / %s</td>"
                "<td class=n>%s</td></tr>",
                (int)json_int(question, "variant", 0), (int)json_int(question, "attempts", 0),
                points, full, event);
    }
    if (n > room) {
        g_string_append_printf(out, "<tr><td colspan=6>… %d more in the file 其余见文件</td></tr>",
                cJSON_GetArraySize(list) - room);
    }
    g_string_append(out, "</table>");
}

static void put_label(GString *out, const char *class, const char *label, const char *value)
{
    g_string_append_printf(out, "<div%s><span class=label>%s</span><span class=big>", class, label);
    put(out, value);
    g_string_append(out, "</span></div>");
}

static void put_proof(GString *out, const struct exam_result *result)
{
    g_autofree char *key = sign_public_text(result->key);
    g_string_append_printf(out,
            "<div class=proof><div><span class=label>Code of this result 结果代码</span>"
            "<div class=code>%s</div><span class=label>Ledger 账本代码</span>"
            "<b class=mono>%s</b></div><div>"
            "<b>Check it yourself, offline 离线自行验证</b><br>"
            "<span class=mono>sandtable verify result.json --key KEY</span><br>"
            "<span class=label>SHA-256 of the result 结果摘要</span><span class=mono>%s</span>"
            "<span class=label>Signer's public key 签名公钥 (%s)</span>"
            "<span class=mono>%s</span>"
            "<span class=label>%d events proven in a signed ledger of %" G_GINT64_FORMAT
            " rows; this page alone proves nothing. "
            "%d 个事件可在已签名账本中证明；本页本身不构成证明。</span></div></div>",
            result->code, result->checkpoint.code, result->digest,
            sign_public_suite(result->key) == SUITE_SM ? "SM2" : "Ed25519", key, result->events,
            result->checkpoint.size, result->events);
}

char *exam_certificate(const struct exam_result *result)
{
    const cJSON *mark = json_object(result->payload, "mark");
    const cJSON *of = cJSON_GetArrayItem(json_array(mark, "candidates"), 0);
    bool passed = json_bool(of, "passed", false);
    gint64 issued = json_int(result->payload, "issued_us", 0);
    g_autoptr(GDateTime) at = g_date_time_new_from_unix_utc(issued / G_USEC_PER_SEC);
    g_autofree char *date = at ? g_date_time_format(at, "%Y-%m-%d") : g_strdup("–");
    g_autofree char *total = number_text(json_number(json_object(of, "total"), "percent", 0));
    g_autofree char *percent = g_strconcat(total, " %", NULL);
    GString *out = g_string_new("<!doctype html><html lang=en><head><meta charset=utf-8>"
                                "<title>Exam result ");
    put(out, json_string(of, "candidate", ""));
    g_string_append_printf(out,
            "</title><meta http-equiv=Content-Security-Policy content=\"default-src 'none'; "
            "style-src 'unsafe-inline'\"><style>%s</style></head><body><main class=page>"
            "<div class=brand><span>SANDTABLE</span><span>Exam result 考试结果</span></div><h1><b>",
            style);
    put(out, json_string(mark, "title", ""));
    g_string_append(out, "</b><span>Version 版本 ");
    put(out, json_string(mark, "version", ""));
    g_string_append(out, " · ");
    put(out, json_string(mark, "exercise", ""));
    g_string_append(out, "</span></h1><section class=who>");
    put_label(out, " class=grow", "Candidate 考生", json_string(of, "candidate", ""));
    put_label(out, "", "Date 日期 (UTC)", date);
    put_label(out, "", "Points 得分率", percent);
    g_string_append_printf(out, "<div class=\"verdict %s\">%s<small>%s</small></div></section>",
            passed ? "yes" : "no", passed ? "PASSED" : "NOT PASSED", passed ? "合格" : "不合格");
    g_string_append(out, "<div class=rows>");
    put_skills(out, of);
    put_questions(out, of);
    g_string_append(out, "</div><div class=sign style=\"margin-top:auto;padding-top:12mm\">"
                         "<div>Examiner 考官</div><div>Second examiner 复核考官</div></div>");
    put_proof(out, result);
    g_string_append(out, "</main></body></html>\n");
    return g_string_free(out, FALSE);
}
