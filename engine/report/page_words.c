/* page_words.c - the page's words that are not in its template, in English and Chinese. */
#include "report/page_internal.h"

#include <string.h>

static const struct {
    const char *key, *en, *zh;
} words[] = {
        {"accepted", "accepted by two persons", "经两人批准计入"},
        {"acted", "first action", "首次处置"},
        {"adjusted", "adjusted", "人工调整"},
        {"after the question's window", "after the question's window", "题目时段之后"},
        {"allowed", "time allowed", "允许时长"},
        {"answer-was", "it was", "答案"},
        {"answers-outside", "answers outside the time:", "规定时间外的答案："},
        {"at", "at", "时间"},
        {"attack", "attack points", "攻击得分"},
        {"attacker", "attacker", "攻击方"},
        {"attempts", "attempts", "次数"},
        {"availability", "availability", "可用率"},
        {"before the question's window", "before the question's window", "题目时段之前"},
        {"before the start", "before the start", "开考之前"},
        {"blocked", "blocked", "已阻止"},
        {"board", "on the board", "记分板"},
        {"by", "by", "操作者"},
        {"candidate", "candidate", "考生"},
        {"candidates-passed", "passed, of those who began", "合格 / 开考人数"},
        {"candidates-seats", "seats:", "席位："},
        {"change", "points", "分值"},
        {"clock", "own clock", "考生时钟"},
        {"clocks-moved", "candidates with time credited", "获得补时的考生"},
        {"code", "checkpoint code", "校验码"},
        {"commands", "commands of the step", "攻击命令"},
        {"credit", "what", "事由"},
        {"credit-accepted", "answer accepted", "答案被批准计入"},
        {"credit-extended", "time added", "延长时间"},
        {"credit-fault", "range fault", "靶场故障"},
        {"credit-outage", "machine away", "主机不可用"},
        {"credit-pause", "clock paused", "暂停计时"},
        {"credited", "credited", "补时"},
        {"credits", "What moved the clock", "时钟变动"},
        {"defence", "defence", "防御"},
        {"detected", "reported", "已上报"},
        {"digest", "scenario digest", "场景摘要"},
        {"down", "down", "中断"},
        {"downtime", "downtime", "中断时长"},
        {"duration", "length", "时长"},
        {"effect", "took effect", "得手"},
        {"ended", "ended", "结束"},
        {"engine", "engine", "引擎"},
        {"event", "event", "事件"},
        {"events", "events", "事件"},
        {"evidence", "evidence", "证据"},
        {"evidence-blocked_by", "sign of the defence", "防御迹象"},
        {"evidence-effect", "looked for the effect", "效果检查"},
        {"evidence-needs", "what it needed", "前提"},
        {"evidence-probe", "was the path alive", "通路检查"},
        {"executed", "executed", "已执行"},
        {"extra", "extra time", "附加时间"},
        {"factor", "time factor", "时间系数"},
        {"fault", "range fault", "靶场故障"},
        {"faults", "looks lost to range faults:", "因靶场故障未计的检查："},
        {"from", "from", "起"},
        {"handed in before", "after handing in", "交卷之后"},
        {"handed-in", "handed in", "已交卷"},
        {"head", "ledger head", "账本末端哈希"},
        {"held", "Held", "守住的"},
        {"in a pause", "in a pause", "暂停期间"},
        {"inert", "no effect", "未生效"},
        {"key", "signed by", "签名公钥"},
        {"kind", "kind", "类别"},
        {"kind-choice", "choice", "选择"},
        {"kind-effect", "effect", "操作"},
        {"kind-file", "file", "文件"},
        {"kind-secret", "secret", "密值"},
        {"kind-value", "value", "数值"},
        {"late", "late", "迟交"},
        {"looked-last", "looked at when it ended", "结束时由系统检查"},
        {"looks", "looks", "检查次数"},
        {"machine", "machine", "主机"},
        {"mark", "whole exam", "总成绩"},
        {"missed", "Missed, and how to repair it", "失守之处与修复方法"},
        {"missed-mark", "missed", "未达到"},
        {"more", "more", "更多"},
        {"needed", "needed", "要求"},
        {"never-down", "never down", "未中断"},
        {"no-steps", "No attack step ran against this team.", "没有针对该队的攻击步骤。"},
        {"none", "none", "无"},
        {"not-passed", "not passed", "不合格"},
        {"not-recovered", "not before the end", "结束前未恢复"},
        {"not-started", "did not begin", "未开考"},
        {"nothing-missed", "No attack step took effect here.", "没有攻击步骤在此得手。"},
        {"objectives", "objectives", "目标得分"},
        {"ok", "up", "正常"},
        {"open", "under way at the end", "结束时仍在进行"},
        {"outage", "first outage", "首次中断"},
        {"outages", "Outages", "服务中断"},
        {"outside", "Outside the time", "规定时间外"},
        {"outside-time", "outside time", "规定时间外"},
        {"part", "part", "项目"},
        {"passed", "passed", "合格"},
        {"penalty", "penalty", "扣分"},
        {"points", "points", "得分"},
        {"question", "question", "题目"},
        {"questions", "Questions", "各题"},
        {"rank", "rank", "名次"},
        {"reached", "reached", "达到"},
        {"reason", "reason", "原因"},
        {"recovered", "recovered", "恢复"},
        {"recovering", "recovering", "恢复中"},
        {"repair-none", "The scenario gives no advice for this step.", "场景未提供修复建议。"},
        {"reported", "first report", "首次上报"},
        {"result", "result", "结果"},
        {"right", "right", "正确"},
        {"row", "no.", "序号"},
        {"running", "still running", "仍在进行"},
        {"scenario", "scenario", "场景"},
        {"seed", "seed", "随机种子"},
        {"service", "service", "服务"},
        {"share", "share", "得分率"},
        {"skill", "skill", "能力"},
        {"skills-reached", "skills reached", "达标能力"},
        {"skipped", "skipped", "已跳过"},
        {"started", "started", "开始"},
        {"status", "exit status", "退出状态"},
        {"step", "step", "步骤"},
        {"steps", "attack steps", "攻击步骤"},
        {"subject", "about", "对象"},
        {"target", "target", "目标"},
        {"team", "team", "队伍"},
        {"technique", "technique", "技术"},
        {"terms", "Where each point comes from", "每一分的来历"},
        {"text", "what", "内容"},
        {"times", "times", "次数"},
        {"to", "to", "止"},
        {"took-down", "What this team's steps achieved", "该队攻击步骤的结果"},
        {"total", "total", "总分"},
        {"undone", "undone by the range", "由靶场还原"},
        {"unheld", "Other outcomes", "其他结果"},
        {"unknown", "not looked at", "未检查"},
        {"unsigned", "nobody has signed this ledger", "账本未签名"},
        {"uptime", "uptime", "在线得分"},
        {"variant", "variant", "变体"},
        {"verdict", "verdict", "判定"},
        {"void", "void: the team was put back to a checkpoint", "作废：队伍已回滚到检查点"},
        {"what-of-it", "what became of it", "处理"},
        {"whole-exam", "Whole exam", "总计"},
        {"why", "why", "缘由"},
        {"winner", "first place", "第一名"},
        {"wrong", "wrong", "错误"},
};

static int find(const char *key, gsize length)
{
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strlen(words[i].key) == length && !strncmp(words[i].key, key, length)) {
            return (int)i;
        }
    }
    return -1;
}

static void put(GString *out, const char *tag, int word)
{
    g_string_append_printf(out, "<%s class=en>%s</%s><%s class=zh lang=zh-Hans>%s</%s>", tag,
            words[word].en, tag, tag, words[word].zh, tag);
}

void page_word(GString *out, const char *key)
{
    int word = find(key, strlen(key));
    if (word < 0) {
        page_add(out, "%s", key);
    } else {
        put(out, "span", word);
    }
}

void page_put_words(GString *out)
{
    g_autofree char *text = g_strndup(out->str, out->len);
    const char *from = text;
    g_string_truncate(out, 0);
    for (;;) {
        gsize length = strcspn(from, "\001\003");
        g_string_append_len(out, from, (gssize)length);
        const char *mark = from + length;
        const char *end = *mark ? strchr(mark, '\002') : NULL;
        if (!end) {
            return;
        }
        int word = find(mark + 1, (gsize)(end - mark) - 1);
        if (word < 0) {
            g_critical("the page has no word \"%.*s\"", (int)(end - mark) - 1, mark + 1);
        } else {
            put(out, *mark == '\001' ? "span" : "tspan", word);
        }
        from = end + 1;
    }
}
