/* check_hardware.c - what a scenario says of machines' hardware, against what images are. */
#include "plan/check.h"

#include "base/text.h"

#include <string.h>

/* ---- machines without an agent ------------------------------------------------------------- */

static const struct plan_host *without_agent(const struct plan *plan, const char *machine)
{
    const struct plan_host *host = machine ? plan_host(plan, machine) : NULL;
    return host && host->hardware.agent == 0 ? host : NULL;
}

static void refuse(const struct checker *check, int line, const char *owner, const char *member,
        const struct plan_host *host)
{
    plan_problem_add(check->problems, line,
            "%s: %s: no command or file reaches machine \"%s\" (line %d), it has no guest agent; "
            "take another machine or one with an agent",
            owner, member, host->name, host->line);
}

static void check_predicate_agent(
        const struct checker *check, const char *owner, const struct plan_predicate *predicate)
{
    if (!predicate) {
        return;
    }
    const struct plan_host *host = without_agent(check->plan, predicate->machine);
    if (host) {
        refuse(check, predicate->line, owner, "on", host);
    }
    for (guint i = 0; predicate->parts && i < predicate->parts->len; i++) {
        check_predicate_agent(check, owner, predicate->parts->pdata[i]);
    }
}

static void check_agents(const struct checker *check)
{
    const struct plan *plan = check->plan;
    for (guint i = 0; i < plan->steps->len; i++) {
        const struct plan_step *step = plan->steps->pdata[i];
        g_autofree char *owner = g_strdup_printf("step \"%s\"", step->name);
        const struct plan_host *host = without_agent(plan, step->from);
        if (host) {
            refuse(check, plan_line(plan, &step->from, step->line), owner, "from", host);
        }
        check_predicate_agent(check, owner, step->effect);
        check_predicate_agent(check, owner, step->blocked_by);
    }
}

/* ---- one machine --------------------------------------------------------------------------- */

static void check_disk(const struct checker *check, const struct plan_host *host)
{
    const struct plan_hardware *hardware = &host->hardware;
    int line = plan_line(check->plan, &hardware->disk_mib, host->line);
    if (hardware->disk_mib &&
            (hardware->disk_mib < PLAN_DISK_MIN_MIB || hardware->disk_mib > PLAN_DISK_MAX_MIB)) {
        plan_problem_add(check->problems, line,
                "machine \"%s\": a disk of %d MiB is outside %dM to %dG", host->name,
                hardware->disk_mib, PLAN_DISK_MIN_MIB, PLAN_DISK_MAX_MIB / 1024);
    }
    const char *mount = hardware->disk_mount;
    if (mount && (mount[0] != '/' || !mount[1] || strstr(mount, "..") || strchr(mount, '\n'))) {
        g_autofree char *shown = text_clean_tail(mount, strlen(mount), 60);
        plan_problem_add(check->problems, line,
                "machine \"%s\": disk.mount \"%s\": write a whole path below /, such as "
                "\"/srv/data\"",
                host->name, shown);
    }
}

static void check_ready(const struct checker *check, const struct plan_host *host)
{
    const struct plan_hardware *hardware = &host->hardware;
    int line = plan_line(check->plan, &hardware->ready, host->line);
    const char *name = plan_ready_name(hardware->ready.kind);
    if (hardware->agent == 0 && hardware->ready.kind == PLAN_READY_AGENT) {
        plan_problem_add(check->problems, line,
                "machine \"%s\": ready: there is no agent to answer; use tcp, ping or serial",
                host->name);
    }
    if ((hardware->ready.kind == PLAN_READY_TCP || hardware->ready.kind == PLAN_READY_PING) &&
            host->nics->len == 0) {
        plan_problem_add(check->problems, line,
                "machine \"%s\": ready: %s needs a card; add nics or use serial", host->name, name);
    }
}

void check_hardware(const struct checker *check)
{
    for (guint i = 0; i < check->plan->hosts->len; i++) {
        const struct plan_host *host = check->plan->hosts->pdata[i];
        check_disk(check, host);
        check_ready(check, host);
    }
    check_agents(check);
}

/* ---- scenario and image together ----------------------------------------------------------- */

static const struct plan_image *find_image(const GPtrArray *images, const char *name)
{
    for (guint i = 0; i < images->len; i++) {
        const struct plan_image *image = images->pdata[i];
        if (strcmp(image->name, name) == 0) {
            return image;
        }
    }
    return NULL;
}

/* A recipe's machine is always the same: the fastest to boot. */
static void check_recipe(const struct checker *check, const struct plan_host *host)
{
    const struct plan_hardware *hardware = &host->hardware;
    const struct {
        const char *key;
        bool said;
        gconstpointer field;
    } keys[] = {{"firmware", hardware->firmware != NULL, &hardware->firmware},
            {"tpm", hardware->tpm != PLAN_UNSAID, &hardware->tpm},
            {"agent", hardware->agent == 0, &hardware->agent},
            {"cards", hardware->cards != NULL, &hardware->cards},
            {"bus", hardware->bus != NULL, &hardware->bus},
            {"ready", hardware->ready.kind != PLAN_READY_UNSAID, &hardware->ready}};
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (keys[i].said) {
            plan_problem_add(check->problems, plan_line(check->plan, keys[i].field, host->line),
                    "machine \"%s\": %s is for imported images; \"%s\" is made from a recipe",
                    host->name, keys[i].key, host->image);
        }
    }
}

static void take_word(char **mine, const char *images)
{
    if (!*mine) {
        *mine = g_strdup(images);
    }
}

/* What the scenario leaves open is as the image says. */
static void take_defaults(
        const struct plan *plan, struct plan_host *host, const struct plan_image *image)
{
    struct plan_hardware *mine = &host->hardware;
    const struct plan_hardware *its = &image->hardware;
    mine->imported = its->imported;
    mine->cloud_init = its->cloud_init;
    take_word(&mine->os, its->os);
    take_word(&mine->firmware, its->firmware);
    take_word(&mine->cards, its->cards);
    take_word(&mine->bus, its->bus);
    host->display = host->display || !strcmp(mine->os, "windows"); /* it says nothing elsewhere */
    mine->tpm = mine->tpm == PLAN_UNSAID ? its->tpm : mine->tpm;
    mine->agent = mine->agent == PLAN_UNSAID ? its->agent : mine->agent;
    if (mine->ready.kind == PLAN_READY_UNSAID) {
        bool fits = its->ready.kind != PLAN_READY_AGENT || mine->agent == 1;
        enum plan_ready_kind usual = mine->agent == 1 ? PLAN_READY_AGENT : PLAN_READY_PING;
        mine->ready.kind = its->ready.kind != PLAN_READY_UNSAID && fits ? its->ready.kind : usual;
        mine->ready.port = its->ready.port;
        mine->ready.text = g_strdup(its->ready.text);
    }
    if (plan_line(plan, &host->memory_mib, 0) == 0) {
        host->memory_mib = image->memory_mib;
    }
    if (plan_line(plan, &host->vcpus, 0) == 0) {
        host->vcpus = image->cpus;
    }
}

static void check_reach(const struct checker *check, const struct plan_host *host)
{
    for (guint i = 0; i < host->nics->len; i++) {
        const struct plan_nic *nic = host->nics->pdata[i];
        const struct plan_subnet *subnet = plan_subnet(check->plan, nic->network);
        if (subnet && g_strcmp0(subnet->group, host->group) != 0) {
            plan_problem_add(check->problems, nic->line,
                    "machine \"%s\": made from an imported image, it can stand on networks of its "
                    "own team only; \"%s\" is of team \"%s\"",
                    host->name, subnet->name, subnet->group);
        }
    }
}

static void check_imported(
        const struct checker *check, const struct plan_host *host, const struct plan_image *image)
{
    const struct plan_hardware *hardware = &host->hardware;
    const struct plan *plan = check->plan;
    g_autofree char *owner = g_strdup_printf("machine \"%s\"", host->name);
    if (!strcmp(hardware->bus, "ide") && strcmp(hardware->firmware, "bios") != 0) {
        plan_problem_add(check->problems, plan_line(plan, &hardware->bus, host->line),
                "%s: bus \"ide\" is there with firmware \"bios\" only; use sata", owner);
    }
    if (hardware->disk_mount) {
        plan_problem_add(check->problems, plan_line(plan, &hardware->disk_mib, host->line),
                "%s: disk.mount is for images made from a recipe; that of an imported image is "
                "its own disk, made larger",
                owner);
    }
    if (hardware->disk_mib && (gint64)hardware->disk_mib << 20 < image->disk_bytes) {
        plan_problem_add(check->problems, plan_line(plan, &hardware->disk_mib, host->line),
                "%s: a disk of %d MiB cannot hold image \"%s\" of %d MiB", owner,
                hardware->disk_mib, image->name, (int)(image->disk_bytes >> 20));
    }
    bool can_set_up = hardware->agent == 1 || hardware->cloud_init;
    if (!can_set_up && host->files->len > 0) {
        const struct plan_file *file = host->files->pdata[0];
        plan_problem_add(check->problems, file->line,
                "%s: files: without agent and cloud-init nothing can be written into it", owner);
    }
    if (!can_set_up && host->setup->len > 0) {
        plan_problem_add(check->problems, plan_line(plan, host->setup->pdata[0], host->line),
                "%s: setup: without agent and cloud-init no command can be run in it", owner);
    }
    if (hardware->agent != 1 && host->logs->len > 0) {
        plan_problem_add(check->problems, plan_line(plan, &host->logs, host->line),
                "%s: logs: without agent nothing can be read from it", owner);
    }
    if (host->forward && !hardware->cloud_init) {
        plan_problem_add(check->problems, plan_line(plan, &host->forward, host->line),
                "%s: forward: only an image with cloud-init can be told to; set it inside the "
                "image and leave the key out",
                owner);
    }
    check_reach(check, host);
}

void plan_apply_images(struct plan *plan, const GPtrArray *images, GPtrArray *problems)
{
    const struct checker check = {.plan = plan, .problems = problems};
    for (guint i = 0; i < plan->hosts->len; i++) {
        struct plan_host *host = plan->hosts->pdata[i];
        const struct plan_image *image = host->image ? find_image(images, host->image) : NULL;
        if (!image) {
            continue;
        }
        if (!image->hardware.imported) {
            check_recipe(&check, host);
            host->hardware.agent = 1;
            continue;
        }
        take_defaults(plan, host, image);
        check_imported(&check, host, image);
        check_ready(&check, host);
    }
    check_agents(&check);
}
