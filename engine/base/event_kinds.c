/* event_kinds.c - the kinds of events there are, as docs/events.schema.json lists them. */
#include "base/event_kinds.h"

#include <string.h>

const char *const event_kinds[] = {
        "alarm.acknowledged",
        "alarm.cleared",
        "alarm.raised",
        "capture.started",
        "capture.step",
        "capture.stopped",
        "check.down",
        "check.fault",
        "check.ok",
        "checkpoint.failed",
        "checkpoint.restored",
        "checkpoint.taken",
        "console.closed",
        "console.opened",
        "exam.answered",
        "exam.approved",
        "exam.handed-in",
        "exam.outage",
        "exam.over",
        "exam.paused",
        "exam.requested",
        "exam.resumed",
        "exam.started",
        "exercise.created",
        "exercise.resumed",
        "exercise.state",
        "fault.cleared",
        "fault.credited",
        "fault.found",
        "flag.captured",
        "flag.issued",
        "flag.rejected",
        "grade.given",
        "hint.taken",
        "inject.added",
        "inject.approved",
        "inject.edited",
        "inject.state",
        "ledger.signed",
        "link.cleared",
        "link.impaired",
        "link.measured",
        "log.lines",
        "machine.reset",
        "machine.state",
        "message.sent",
        "note",
        "operator.action",
        "operator.exec",
        "operator.note",
        "player.action",
        "report.filed",
        "resource.closed",
        "resource.opening",
        "round.closed",
        "router.reset",
        "router.rules",
        "score.adjusted",
        "score.frozen",
        "score.voided",
        "solution.shown",
        "step.state",
        "step.verdict",
        "task.rejected",
        "task.solved",
        "team.reset",
        NULL,
};

bool event_kind_is_known(const char *kind)
{
    for (int i = 0; event_kinds[i]; i++) {
        if (!strcmp(event_kinds[i], kind)) {
            return true;
        }
    }
    return false;
}
