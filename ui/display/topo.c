/* topo.c - the structural layout of the topology. */
#include "topo.h"

#include <math.h>

#define ROWS_MAX 12

static struct topo *topo_new_empty(guint machines)
{
    struct topo *topo = g_new0(struct topo, 1);
    topo->nodes = g_new(struct point, MAX(machines, 1));
    for (guint i = 0; i < machines; i++) {
        topo->nodes[i] = (struct point){-1e6F, -1e6F};
    }
    topo->bars = g_array_new(FALSE, FALSE, sizeof(struct topo_bar));
    topo->blocks = g_array_new(FALSE, FALSE, sizeof(struct topo_block));
    return topo;
}

void topo_free(struct topo *topo)
{
    if (topo) {
        g_free(topo->nodes);
        g_array_unref(topo->bars);
        g_array_unref(topo->blocks);
        g_free(topo);
    }
}

const struct topo_bar *topo_bar_of(const struct topo *topo, int network)
{
    for (guint i = 0; i < topo->bars->len; i++) {
        const struct topo_bar *bar = &g_array_index(topo->bars, struct topo_bar, i);
        if (bar->network == network) {
            return bar;
        }
    }
    return NULL;
}

/* Which of the machine's cards on that card's network it is, from 0, and how many there are. */
static int among(const struct model_machine *machine, guint card, int *all)
{
    int before = 0;
    *all = 0;
    for (guint k = 0; k < machine->networks->len; k++) {
        bool same = g_array_index(machine->networks, int, k) ==
                    g_array_index(machine->networks, int, card);
        *all += same;
        before += same && k < card;
    }
    return before;
}

bool topo_link(const struct topo *topo, const struct model *model, int machine, guint card,
        struct point *from, struct point *to)
{
    const struct model_machine *which = model_machine_at(model, machine);
    const struct topo_bar *bar =
            which && card < which->networks->len
                    ? topo_bar_of(topo, g_array_index(which->networks, int, card))
                    : NULL;
    if (!bar || topo->nodes[machine].x < -1e5F) {
        return false;
    }
    int all = 0;
    float index = (float)among(which, card, &all);
    float gap = MIN(topo->unit * 1.6F, (bar->x1 - bar->x0) / (float)all);
    float half = gap * (float)(all - 1) / 2;
    *from = topo->nodes[machine];
    /* the nearest place of the bar where all of them fit */
    *to = (struct point){
            CLAMP(from->x, bar->x0 + half, bar->x1 - half) + index * gap - half, bar->y};
    return true;
}

bool topo_label_left(const struct topo *topo, float x)
{
    return x < topo->middle - topo->unit;
}

static const struct model_network *network_at(const struct model *model, int index)
{
    return model->networks->pdata[index];
}

/* A team is drawn on ground of its own when it has networks; else its machines are shared. */
static bool owns_ground(const struct model *model, int team)
{
    return team >= 0 && model_team_at(model, team)->ground;
}

/* Which row of its block a machine stands in: 0 above the first bar, k below bar k-1. */
static int row_of(const struct model_machine *machine, const GArray *networks)
{
    int first = -1;
    int count = 0;
    for (guint n = 0; n < networks->len; n++) {
        for (guint k = 0; k < machine->networks->len; k++) {
            if (g_array_index(machine->networks, int, k) == g_array_index(networks, int, n)) {
                first = first < 0 ? (int)n : first;
                count++;
                break;
            }
        }
    }
    if (first < 0) {
        return (int)MIN(networks->len, ROWS_MAX - 1);
    }
    bool above = first == 0 && count == 1 && networks->len > 1;
    return above ? 0 : MIN(first + 1, ROWS_MAX - 1);
}

static GArray *networks_of(const struct model *model, int team)
{
    GArray *networks = g_array_new(FALSE, FALSE, sizeof(int));
    for (int i = 0; (guint)i < model->networks->len && networks->len < ROWS_MAX - 1; i++) {
        int owner = network_at(model, i)->team;
        if (team >= 0 ? owner == team : !owns_ground(model, owner)) {
            g_array_append_val(networks, i);
        }
    }
    return networks;
}

static bool stands_here(const struct model *model, const struct model_machine *machine, int team)
{
    return team >= 0 ? machine->team == team : !owns_ground(model, machine->team);
}

struct ground { /* one block while its rows are filled */
    const struct model *model;
    struct topo *topo;
    int team;
    struct rect rect;
    GArray *networks;
    int count[ROWS_MAX];
    float y[ROWS_MAX];
};

static void count_rows(struct ground *ground)
{
    for (guint m = 0; m < ground->model->machines->len; m++) {
        const struct model_machine *machine = ground->model->machines->pdata[m];
        if (stands_here(ground->model, machine, ground->team)) {
            ground->count[row_of(machine, ground->networks)]++;
        }
    }
}

/* Rows with machines take three shares of the height, bars one. */
static void spread_rows(struct ground *ground)
{
    float shares = 0;
    for (guint row = 0; row <= ground->networks->len; row++) {
        shares += (ground->count[row] > 0 ? 3.0F : 0.6F) +
                  (row < ground->networks->len ? 1.0F : 0.0F);
    }
    float step = ground->rect.h / MAX(shares, 1);
    float y = ground->rect.y;
    for (guint row = 0; row <= ground->networks->len; row++) {
        float height = (ground->count[row] > 0 ? 3.0F : 0.6F) * step;
        ground->y[row] = y + height / 2;
        y += height;
        if (row < ground->networks->len) {
            struct topo_bar bar = {g_array_index(ground->networks, int, row), ground->rect.x,
                    ground->rect.x + ground->rect.w, y + step / 2};
            g_array_append_val(ground->topo->bars, bar);
            y += step;
        }
    }
}

static void place_block(
        const struct model *model, struct topo *topo, struct topo_block block, float head)
{
    g_array_append_val(topo->blocks, block);
    float margin = MIN(block.rect.w * 0.06F, head);
    struct ground ground = {.model = model,
            .topo = topo,
            .team = block.team,
            .rect = {block.rect.x + margin, block.rect.y + head, block.rect.w - 2 * margin,
                    block.rect.h - head - margin / 2}};
    ground.networks = networks_of(model, block.team);
    count_rows(&ground);
    spread_rows(&ground);
    int placed[ROWS_MAX] = {0};
    for (guint m = 0; m < model->machines->len; m++) {
        const struct model_machine *machine = model->machines->pdata[m];
        if (!stands_here(model, machine, block.team)) {
            continue;
        }
        int row = row_of(machine, ground.networks);
        float cell = ground.rect.w / (float)ground.count[row];
        float x = ground.rect.x + cell * ((float)placed[row]++ + 0.5F);
        float aside = MIN(cell * 0.22F, head * 1.2F); /* room for the label */
        topo->nodes[m] = (struct point){x, ground.y[row]};
        if (block.team >= 0 && topo->roomy) {
            topo->nodes[m].x += topo_label_left(topo, x) ? aside : -aside;
        } else if (topo->roomy) { /* its name stands to the right */
            topo->nodes[m].x -= MIN(cell * 0.14F, topo->unit * 0.9F);
        }
    }
    g_array_unref(ground.networks);
}

static bool anything_shared(const struct model *model)
{
    for (guint m = 0; m < model->machines->len; m++) {
        if (stands_here(model, model->machines->pdata[m], -1)) {
            return true;
        }
    }
    for (guint n = 0; n < model->networks->len; n++) {
        if (!owns_ground(model, network_at(model, (int)n)->team)) {
            return true;
        }
    }
    return false;
}

struct grid {
    int columns, rows;
    bool beside; /* what is shared stands between two columns, else between two rows */
};

static struct grid grid_for(int teams, struct rect area, bool shared)
{
    if (teams <= 2) {
        return (struct grid){MAX(teams, 1), 1, true};
    }
    struct grid best = {teams, 1, false};
    float best_side = 0;
    for (int columns = 1; columns <= teams; columns++) {
        int rows = (teams + columns - 1) / columns;
        float h = area.h * (shared ? 0.8F : 1.0F) / (float)rows;
        float side = MIN(area.w / (float)columns / 1.3F, h);
        if (side > best_side) {
            best_side = side;
            best = (struct grid){columns, rows, false};
        }
    }
    return best;
}

static struct rect cell_rect(const struct grid *grid, int index, struct rect area, float core)
{
    int row = index / grid->columns;
    int column = index % grid->columns;
    float w = (area.w - (grid->beside ? core : 0)) / (float)grid->columns;
    float h = (area.h - (grid->beside ? 0 : core)) / (float)grid->rows;
    struct rect cell = {area.x + (float)column * w, area.y + (float)row * h, w, h};
    if (grid->beside && column > 0) {
        cell.x += core;
    } else if (!grid->beside && row >= (grid->rows + 1) / 2) {
        cell.y += core;
    }
    return cell;
}

static struct rect core_rect(const struct grid *grid, struct rect area, float core)
{
    if (grid->beside) {
        float w = (area.w - core) / (float)grid->columns;
        float h = area.h * 0.42F;
        return (struct rect){area.x + w, area.y + (area.h - h) / 2, core, h};
    }
    float h = (area.h - core) / (float)grid->rows;
    int above = (grid->rows + 1) / 2;
    float top = area.y + h * (float)above;
    return (struct rect){area.x + area.w * 0.25F, top, area.w * 0.5F, core};
}

static struct rect inset(struct rect r, float by)
{
    return (struct rect){r.x + by, r.y + by, MAX(r.w - 2 * by, 4), MAX(r.h - 2 * by, 4)};
}

/* Of the width, for what stands between the teams; beside one team names need more of it. */
static float core_share(int teams, int only)
{
    return teams == 0 ? 1.0F : only >= 0 ? 0.28F : 0.24F;
}

struct topo *topo_new(
        const struct model *model, int only, bool with_shared, struct rect area, float scale)
{
    struct topo *topo = topo_new_empty(model->machines->len);
    int teams = 0;
    topo->middle = area.x + area.w / 2;
    for (int t = 0; (guint)t < model->teams->len; t++) {
        teams += owns_ground(model, t) && (only < 0 || t == only);
    }
    bool shared = with_shared && anything_shared(model);
    struct grid grid = grid_for(teams, area, shared);
    float core = !shared ? 0 : grid.beside ? area.w * core_share(teams, only) : area.h * 0.2F;
    struct rect first = cell_rect(&grid, 0, area, core);
    float room = MIN(first.w / 260, first.h / 230);
    topo->unit = CLAMP(room * 9, 2.5F, 12 * scale);
    topo->room = room / scale;
    topo->roomy = topo->room > 0.8F;
    topo->tiles = topo->room < 0.35F;
    float head = MIN(26 * scale, first.h * 0.16F);
    int index = 0;
    for (int t = 0; (guint)t < model->teams->len; t++) {
        if (owns_ground(model, t) && (only < 0 || t == only)) {
            struct topo_block block = {t,
                    inset(cell_rect(&grid, index++, area, core), MIN(8 * scale, first.w * 0.04F))};
            place_block(model, topo, block, head);
        }
    }
    if (shared) {
        struct topo_block block = {-1, inset(core_rect(&grid, area, core), 8 * scale)};
        place_block(model, topo, block, head);
    }
    return topo;
}
