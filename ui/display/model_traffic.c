/* model_traffic.c - how busy each machine's links are: from the engine's telemetry, which is no
 * part of the ledger. */
#include "model_private.h"

#include "base/json.h"

#include <string.h>

#define SECOND ((double)G_USEC_PER_SEC)

/* A level for each power of ten from 1 kB/s on: what differs less looks the same, so that a picture
 * is drawn anew only when there is something to see. */
static int level_of(double bytes_per_second)
{
    static const double limits[MODEL_TRAFFIC_MAX] = {1e3, 1e4, 1e5, 1e6, 1e7};
    int level = 0;
    while (level < MODEL_TRAFFIC_MAX && bytes_per_second >= limits[level]) {
        level++;
    }
    return level;
}

/* Lines come machine by machine in the plan's order: the next one is the same or the one after. */
static int find_machine(const struct model *model, const char *id, int last)
{
    for (int i = last; i >= 0 && i <= last + 1; i++) {
        const struct model_machine *machine = model_machine_at(model, i);
        if (machine && !strcmp(machine->id, id)) {
            return i;
        }
    }
    return model_machine_index(model, id);
}

/* Its card on that network, from card first on, round and round: they come in the plan's order, and
 * two may be on one network. -1: none. */
static int find_card(const struct model *model, const struct model_machine *machine,
        const char *network, int first)
{
    int count = (int)machine->networks->len;
    for (int i = 0; i < count; i++) {
        int card = (first + i) % count;
        int index = g_array_index(machine->networks, int, card);
        const struct model_network *known = model->networks->pdata[index];
        if (!strcmp(known->id, network)) {
            return card;
        }
    }
    return -1;
}

/* True when the link looks different from now on. */
static bool update(struct model_traffic *link, double bytes, gint64 wall_us)
{
    double seconds = (double)(wall_us - link->wall_us) / SECOND;
    bool known = link->wall_us > 0 && seconds > 0 && bytes >= link->bytes;
    int level = known ? level_of((bytes - link->bytes) / seconds) : 0;
    bool changed = level != link->level;
    *link = (struct model_traffic){.bytes = bytes, .wall_us = wall_us, .level = level};
    return changed;
}

bool model_traffic(struct model *model, const struct event *telemetry)
{
    auto_json body = json_parse(telemetry->body, strlen(telemetry->body), NULL);
    gint64 wall_us = json_int(body, "wall_us", 0);
    bool changed = false;
    int last = 0;
    int card = -1;
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, json_array(body, "links"))
    {
        int index = find_machine(model, json_string(item, "machine", ""), last);
        struct model_machine *machine = index < 0 ? NULL : model->machines->pdata[index];
        const char *network = json_string(item, "network", "");
        card = machine ? find_card(model, machine, network, index == last ? card + 1 : 0) : -1;
        if (card >= 0) {
            double bytes = json_number(item, "rx_bytes", 0) + json_number(item, "tx_bytes", 0);
            changed |= update(&machine->traffic[card], bytes, wall_us);
            last = index;
        }
    }
    if (changed) {
        model_touch(model, TOUCH(PART_TOPOLOGY));
    }
    return changed;
}
