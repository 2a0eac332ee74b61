/* doctor_shares.c - which way teams' machines share the processor here, and what that means. */
#include "cell/doctor.h"

#include "cell/fair.h"

struct doctor_check *doctor_shares(void)
{
    static const char *const means[] = {
            [FAIR_CGROUP] = "teams get equal parts of the processor, whatever their machines do",
            [FAIR_AUTOGROUP] =
                    "teams get about equal parts of the processor, a second after one of "
                    "their machines begins or ends to compute",
            [FAIR_NICE] = "the engine comes before all machines, but a team of whose machines more "
                          "compute gets more of the processor",
    };
    g_autofree char *how = NULL;
    enum fair_way way = fair_way(&how);
    bool nice = way == FAIR_NICE;
    return doctor_check_new("processor-shares", nice ? DOCTOR_WARN : DOCTOR_OK,
            g_strdup_printf("%s; by %s", means[way], how),
            nice ? g_strdup("systemd-run --user --scope -p Delegate=yes sandtable run …") : NULL);
}
