/* preflight.c - what a plan needs of this host: measured where it ran before, else assumed. */
#include "cli/preflight.h"

#include "base/paths.h"
#include "cell/doctor.h"
#include "cli/cli.h"
#include "image/use.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

/* Of a machine that was never measured: QEMU's own memory, with TCG's buffer of translated code;
 * processor time from the first boots of Debian guests on a small host. */
#define OVERHEAD_KVM_MIB 48
#define OVERHEAD_TCG_MIB 112
#define BOOT_KVM_S 2.0
#define BOOT_TCG_S 8.0
/* What a machine may still touch after it is ready, above what it had then. */
#define GROWTH 1.25
/* Its serial log (bounded), sockets, and its part of the ledger. */
#define DISK_MIB 4

static struct capacity_use use_of(const struct plan_host *host, gpointer data)
{
    bool tcg = *(enum virt_accel *)data == VIRT_ACCEL_TCG;
    double most = host->memory_mib + (tcg ? OVERHEAD_TCG_MIB : OVERHEAD_KVM_MIB);
    struct capacity_use use = {
            .memory_mib = most,
            .disk_mib = DISK_MIB,
            .boot_cpu_s = tcg ? BOOT_TCG_S : BOOT_KVM_S,
    };
    struct image *image = image_find(host->image, NULL);
    struct image_use seen = {0};
    if (image && image_use_read(image, tcg ? "tcg" : "kvm", &seen)) {
        /* a machine that was given more memory than the measured one may come to use that, too */
        double more = MAX(host->memory_mib - seen.memory_mib, 0);
        use.memory_mib = MIN(seen.pss_mib * GROWTH + more, most);
        use.boot_cpu_s = seen.boot_cpu_s;
        use.measured = true;
    }
    image_free(image);
    return use;
}

void preflight(const struct plan *plan, enum virt_accel accel, int ready_limit_s,
        struct capacity_host *ret_host, struct capacity *ret)
{
    g_autofree char *state = paths_state_dir();
    *ret_host = (struct capacity_host){
            .memory_mib = doctor_memory_available(),
            .disk_mib = doctor_disk_available(state),
            .processors = (int)g_get_num_processors(),
            .ready_limit_s = ready_limit_s > 0 ? ready_limit_s : PREFLIGHT_READY_LIMIT_S,
    };
    capacity_of(plan, ret_host, use_of, &accel, ret);
}

void preflight_warn(const struct capacity *capacity, const struct capacity_host *host)
{
    if (capacity->slow) {
        cli_say("warning: %u machines need about %.0f s on %d processors until they are ready, the "
                "limit is %d s: --ready-limit %.0f, or fewer teams",
                capacity->machines, ceil(capacity->need[CAPACITY_CPU]), host->processors,
                host->ready_limit_s, ceil(capacity->need[CAPACITY_CPU] * 1.5));
    }
}

static void print_room(const struct capacity *capacity, enum capacity_kind kind)
{
    g_autofree char *have = capacity->have[kind] < 0
                                    ? g_strdup("an unknown number of")
                                    : g_strdup_printf("%.0f", capacity->have[kind]);
    printf("  %-7s  %.0f of %s MiB; %d teams would fit\n", capacity_kind_name(kind),
            ceil(capacity->need[kind]), have, capacity->teams[kind]);
}

void preflight_print(const struct capacity *capacity, const struct capacity_host *host)
{
    printf("host (%s):\n", capacity->measured
                                   ? "from what these machines took on it before"
                                   : "some images were never run here: assumed from the scenario");
    print_room(capacity, CAPACITY_MEMORY);
    print_room(capacity, CAPACITY_DISK);
    printf("  %-7s  ready after about %.0f s on %d processors, the limit is %d s; %d teams would "
           "be "
           "in time\n",
            "cpu", ceil(capacity->need[CAPACITY_CPU]), host->processors, host->ready_limit_s,
            capacity->teams[CAPACITY_CPU]);
    printf("  %s%s; the largest number of teams is %d, limited by %s\n",
            capacity->fits ? "fits" : "does not fit", capacity->slow ? ", and would be late" : "",
            capacity->largest, capacity_kind_name(capacity->limit));
}
