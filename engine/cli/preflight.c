/* preflight.c - what a plan needs of this host: measured where it ran before, else assumed. */
#include "cli/preflight.h"

#include "base/json.h"
#include "base/paths.h"
#include "cell/doctor.h"
#include "cli/cli.h"
#include "image/import.h"
#include "image/use.h"
#include "image/warm.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
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

struct looking { /* at a plan's machines, one after the other */
    const struct plan *plan;
    bool tcg;
    cJSON *warm; /* the states that there are, and those that were counted */
};

static int cards_of(const struct plan *plan, const struct plan_host *host)
{
    for (guint i = 0; i < plan->machines->len; i++) {
        const struct plan_machine *machine = g_ptr_array_index(plan->machines, i);
        if (machine->host == host) {
            return (int)machine->cards->len;
        }
    }
    return (int)host->nics->len;
}

static bool is_shape(const cJSON *state, const struct plan_host *host, int cards)
{
    return !strcmp(json_string(state, "image", ""), host->image) &&
           json_int(state, "memory_mib", 0) == host->memory_mib &&
           json_int(state, "vcpus", 0) == host->vcpus && json_int(state, "cards", -1) == cards &&
           json_bool(state, "current", false);
}

/* The file that the first machine of a shape makes for all: at most as large as its memory. */
static double warm_to_make(const struct looking *looking, const struct plan_host *host)
{
    int cards = cards_of(looking->plan, host);
    const cJSON *state = NULL;
    cJSON_ArrayForEach(state, looking->warm)
    {
        if (is_shape(state, host, cards)) {
            return 0;
        }
    }
    cJSON *made = cJSON_CreateObject();
    cJSON_AddStringToObject(made, "image", host->image);
    json_add_int(made, "memory_mib", host->memory_mib);
    json_add_int(made, "vcpus", host->vcpus);
    json_add_int(made, "cards", cards);
    cJSON_AddTrueToObject(made, "current");
    cJSON_AddItemToArray(looking->warm, made);
    return host->memory_mib;
}

/* What its disks may come to take, and both them and its memory once more in a checkpoint. */
static double growth_of(const struct plan_host *host, const struct image *image)
{
    double disk = host->hardware.disk_mib;
    if (disk <= 0 && image && image->disk) {
        disk = ceil((double)image->disk->virtual_bytes / (1 << 20));
    }
    return 2 * disk + host->memory_mib;
}

static struct capacity_use use_of(const struct plan_host *host, gpointer data)
{
    const struct looking *looking = data;
    bool tcg = looking->tcg;
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
    use.growth_mib = growth_of(host, image);
    if (image && image->kernel && host->hardware.disk_mib <= 0) { /* others never wake */
        use.images_mib = warm_to_make(looking, host);
    }
    image_free(image);
    return use;
}

void preflight(const struct plan *plan, enum virt_accel accel, int ready_limit_s,
        struct capacity_host *ret_host, struct capacity *ret)
{
    g_autofree char *state = paths_state_dir();
    g_autofree char *images = paths_images_dir();
    *ret_host = (struct capacity_host){
            .memory_mib = doctor_memory_available(),
            .disk_mib = doctor_disk_available(state),
            .processors = (int)g_get_num_processors(),
            .ready_limit_s = ready_limit_s > 0 ? ready_limit_s : PREFLIGHT_READY_LIMIT_S,
            .images_mib = doctor_disk_available(images),
            .one_disk = doctor_disk_is_one(state, images),
    };
    auto_json warm = image_warm_list(false, NULL);
    struct looking looking = {plan, accel == VIRT_ACCEL_TCG, warm};
    capacity_of(plan, ret_host, use_of, &looking, ret);
}

void preflight_warn(const struct capacity *capacity, const struct capacity_host *host)
{
    if (capacity->slow) {
        cli_say("warning: %u machines need about %.0f s on %d processors until they are ready, the "
                "limit is %d s: --ready-limit %.0f, or fewer teams",
                capacity->machines, ceil(capacity->need[CAPACITY_CPU]), host->processors,
                host->ready_limit_s, ceil(capacity->need[CAPACITY_CPU] * 1.5));
    }
    static const char *const disks[] = {
            [CAPACITY_GROWTH] = "the machines' disks, captures and a checkpoint of all may come to",
            [CAPACITY_IMAGES] = "warm states that are to be made may come to",
    };
    for (int kind = CAPACITY_GROWTH; kind <= CAPACITY_IMAGES; kind++) {
        if (capacity->have[kind] >= 0 && capacity->need[kind] > capacity->have[kind]) {
            g_autofree char *dir = kind == CAPACITY_IMAGES ? paths_images_dir() : paths_state_dir();
            cli_say("warning: %s %.0f MiB, and %s has %.0f MiB: make room, or keep an eye on it",
                    disks[kind], ceil(capacity->need[kind]), dir, capacity->have[kind]);
        }
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
    print_room(capacity, CAPACITY_GROWTH);
    print_room(capacity, CAPACITY_IMAGES);
    printf("  %-7s  ready after about %.0f s on %d processors, the limit is %d s; %d teams would "
           "be "
           "in time\n",
            "cpu", ceil(capacity->need[CAPACITY_CPU]), host->processors, host->ready_limit_s,
            capacity->teams[CAPACITY_CPU]);
    printf("  %s%s; the largest number of teams is %d, limited by %s\n",
            capacity->fits ? "fits" : "does not fit",
            capacity->slow    ? ", and would be late"
            : capacity->tight ? ", and a disk may become full"
                              : "",
            capacity->largest, capacity_kind_name(capacity->limit));
}
