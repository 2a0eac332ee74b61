/* test_display_drawn.c - what is drawn, not what is meant: the pixels of every state, verdict, link and
 * service, sampled from pictures in each theme, stay apart for every sight; so do the shapes. */
#include "support/test.h"

#include "display/theme.h"
#include "display/view.h"
#include "scene.h"
#include "sight.h"

#include <string.h>

#define W 1280
#define H 720
#define MARKS_MAX 40
#define ALIKE 0.85 /* of what either of two shapes covers */
#define SIDE 64    /* of a shape's sample */
#define RUN "{\"step\":\"recon\",\"state\":\"running\",\"from\":\"attacker\",\"to\":\"blue1/web\"}"

enum class { STATE, ARROW, BAR, LINK, CELL, RING };

struct mark { /* a colour as it was drawn */
    char name[48];
    enum class class;
    colour ink, ground;
};

struct shape {
    char name[48];
    bool dots[SIDE * SIDE];
};

struct drawn { /* one theme's pictures, and what was found in them */
    struct view view;
    struct model *model;
    struct draw *draw;
    uint32_t before[W * H];
    struct mark marks[MARKS_MAX];
    int count;
};

static void begin(struct drawn *drawn, const struct theme *theme)
{
    g_autoptr(GError) error = NULL;
    memset(drawn, 0, sizeof *drawn);
    theme_use(theme);
    drawn->draw = draw_new(W, H, &error);
    assert_no_error(error);
    drawn->model = scene_fold(12 * G_USEC_PER_SEC); /* all machines ready, nothing has struck */
    view_init(&drawn->view, drawn->draw, drawn->model);
    drawn->view.clock_us = drawn->model->at_us;
    drawn->view.link = LINK_LIVE;
}

static void end(struct drawn *drawn)
{
    view_clear(&drawn->view);
    model_free(drawn->model);
    draw_free(drawn->draw);
    theme_use(theme_at(0));
}

static colour pixel(const struct drawn *drawn, int x, int y)
{
    return 0xFF000000U | draw_pixels(drawn->draw)[y * W + x];
}

static void keep(struct drawn *drawn)
{
    view_draw(&drawn->view);
    memcpy(drawn->before, draw_pixels(drawn->draw), sizeof drawn->before);
}

/* The place of a machine's shape: what a click on it hits, without the margin. */
static struct rect place_of(const struct drawn *drawn, const char *id)
{
    int index = model_machine_find(drawn->model, id);
    const GArray *hits = drawn->view.places[PANEL_TOPOLOGY].hits;
    for (guint i = 0; i < hits->len; i++) {
        struct hit hit = g_array_index(hits, struct hit, i);
        if (hit.action == ACTION_NODE && hit.arg == index) {
            float off = hit.rect.w * 0.12F;
            return (struct rect){
                    hit.rect.x + off, hit.rect.y + off, hit.rect.w - 2 * off, hit.rect.h - 2 * off};
        }
    }
    fail_msg("%s is not in the picture", id);
    return (struct rect){0};
}

static struct point middle_of(struct rect r)
{
    return (struct point){r.x + r.w / 2, r.y + r.h / 2};
}

/* Takes down the pixel in r that is farthest from its ground; only = true: that has changed. */
static void take(struct drawn *drawn, enum class class, struct rect r, bool only, colour ground,
        const char *name)
{
    assert_true(drawn->count < MARKS_MAX);
    struct mark *mark = &drawn->marks[drawn->count++];
    mark->class = class;
    mark->ground = mark->ink = ground;
    g_strlcpy(mark->name, name, sizeof mark->name);
    double far = 0;
    for (int y = (int)r.y; y < (int)(r.y + r.h); y++) {
        for (int x = (int)r.x; x < (int)(r.x + r.w); x++) {
            colour c = pixel(drawn, x, y);
            double d = sight_distance(c, mark->ground, 0);
            bool changed = c != (0xFF000000U | drawn->before[y * W + x]);
            if (d > far && (changed || !only)) {
                far = d;
                mark->ink = c;
            }
        }
    }
    if (sight_contrast(mark->ink, mark->ground) < 2.2) {
        fail_msg("%s, %s: #%06X on #%06X can hardly be seen", theme_used()->name, name,
                mark->ink & 0xFFFFFF, mark->ground & 0xFFFFFF);
    }
}

static void set_machine(struct drawn *drawn, const char *id, const char *state)
{
    g_autofree char *body = g_strdup_printf("{\"state\":\"%s\"}", state);
    scene_tell(drawn->model, "machine.state", NULL, id, body);
}

static const struct node {
    const char *id, *state;
    enum status status;
} nodes[] = {{"blue1/web", "ready", STATUS_UP}, {"blue1/gate", "ready", STATUS_DEGRADED},
        {"blue1/plc", "crashed", STATUS_DOWN}, {"blue2/web", "stopped", STATUS_UNKNOWN},
        {"blue2/gate", "booted", STATUS_DEPLOYING}, {"blue2/plc", "paused", STATUS_HELD}};

static void set_states(struct drawn *drawn)
{
    for (guint i = 0; i < G_N_ELEMENTS(nodes); i++) {
        set_machine(drawn, nodes[i].id, nodes[i].state);
    }
    scene_tell(drawn->model, "check.down", "blue1", "gate", "{\"status\":\"down\",\"round\":1}");
    view_draw(&drawn->view);
}

static void take_states(struct drawn *drawn)
{
    set_states(drawn);
    for (guint i = 0; i < G_N_ELEMENTS(nodes); i++) {
        take(drawn, STATE, place_of(drawn, nodes[i].id), false, C_GROUND, nodes[i].state);
    }
}

/* Of the way from the attacker to its target, t from .. to: no label stands there. */
static struct rect way(const struct drawn *drawn, float from, float to)
{
    struct point a = middle_of(place_of(drawn, "attacker"));
    struct point b = middle_of(place_of(drawn, "blue1/web"));
    float left = a.x + (b.x - a.x) * to;
    struct rect panel = drawn->view.places[PANEL_TOPOLOGY].rect;
    return (struct rect){left, panel.y + 40, (b.x - a.x) * (from - to), a.y - panel.y - 40};
}

static const struct verdict {
    const char *kind, *body;
} verdicts[] = {{"step.state", RUN},
        {"step.verdict", "{\"step\":\"recon\",\"verdict\":\"effect\"}"},
        {"step.verdict", "{\"step\":\"recon\",\"verdict\":\"blocked\"}"},
        {"step.verdict", "{\"step\":\"recon\",\"verdict\":\"inert\"}"}};

static void set_attack(struct drawn *drawn, guint verdict)
{
    scene_tell(drawn->model, verdicts[0].kind, "blue1", "recon", verdicts[0].body);
    scene_tell(drawn->model, verdicts[verdict].kind, "blue1", "recon", verdicts[verdict].body);
}

static void take_arrows(struct drawn *drawn)
{
    drawn->view.attacks = false;
    set_attack(drawn, 0);
    keep(drawn);
    drawn->view.attacks = true;
    for (guint v = 0; v < G_N_ELEMENTS(verdicts); v++) {
        for (int old = 0; old < 2; old++) {
            set_attack(drawn, v);
            drawn->view.clock_us = drawn->model->at_us + old * 60 * G_USEC_PER_SEC;
            view_draw(&drawn->view);
            g_autofree char *name = g_strdup_printf("arrow %u%s", v, old ? " grown old" : "");
            take(drawn, ARROW, way(drawn, 0.1F, 0.28F), true, C_PANEL, name);
            if (v == ATTACK_BLOCKED) {
                take(drawn, BAR, way(drawn, 0.7F, 0.9F), true, C_PANEL, "its bar");
            }
        }
    }
    drawn->view.clock_us = drawn->model->at_us;
}

static void take_links(struct drawn *drawn)
{
    int index = model_machine_find(drawn->model, "blue1/web");
    struct model_machine *machine = drawn->model->machines->pdata[index];
    drawn->view.attacks = false;
    for (int level = 0; level <= MODEL_TRAFFIC_MAX; level++) {
        machine->traffic[0].level = level;
        drawn->model->rev[PART_TOPOLOGY]++;
        view_draw(&drawn->view);
        struct rect shape = place_of(drawn, "blue1/web");
        struct rect under = {shape.x, shape.y + shape.h + 8, shape.w, 8};
        g_autofree char *name = g_strdup_printf("link with traffic %d", level);
        take(drawn, LINK, under, false, C_GROUND, name);
        struct rect beside = {shape.x + shape.w + 30, shape.y + shape.h + 20, 20, 45};
        if (level == 0) {
            take(drawn, LINK, beside, false, C_GROUND, "network");
        }
    }
    drawn->view.attacks = true;
}

/* A letter's edge may be as dark as a cell, but not for long. */
static bool is_paper(const struct drawn *drawn, int x, int y)
{
    colour c = pixel(drawn, x, y);
    bool same = c == C_CELL || c == C_TINT;
    for (int i = 1; i < 6; i++) {
        same = same && pixel(drawn, x + i, y) == c;
    }
    return same;
}

/* The first cell's place, by its paper. */
static struct rect first_cell(const struct drawn *drawn)
{
    struct rect panel = drawn->view.places[PANEL_SERVICES].rect;
    for (int y = (int)panel.y + 30; y < (int)(panel.y + panel.h); y++) {
        for (int x = (int)panel.x + 2; x < (int)(panel.x + panel.w) - 8; x++) {
            if (is_paper(drawn, x, y)) {
                float s = drawn->view.scale;
                return (struct rect){(float)x, (float)y, 27 * s, 23 * s};
            }
        }
    }
    fail_msg("there is no cell");
    return (struct rect){0};
}

static void take_cells(struct drawn *drawn)
{
    static const struct {
        const char *name, *kind, *body;
    } checks[] = {{"cell unknown", "check.fault", "{\"fault\":\"no route\",\"round\":1}"},
            {"cell down", "check.down", "{\"status\":\"down\",\"round\":2}"},
            {"cell degraded", "check.down", "{\"status\":\"mumble\",\"round\":3}"},
            {"cell up", "check.ok", "{\"round\":4}"}};
    for (guint i = 0; i < G_N_ELEMENTS(checks); i++) {
        scene_tell(drawn->model, checks[i].kind, "blue1", "site", checks[i].body);
        view_draw(&drawn->view);
        struct rect cell = first_cell(drawn);
        take(drawn, CELL, cell, false, pixel(drawn, (int)cell.x, (int)cell.y), checks[i].name);
    }
    keep(drawn);
    for (int i = 0; i < 5; i++) {
        scene_tell(drawn->model, i % 2 ? "check.ok" : "check.down", "blue1", "site",
                "{\"status\":\"down\",\"round\":5}");
    }
    scene_tell(drawn->model, "check.ok", "blue1", "site", "{\"round\":6}");
    view_draw(&drawn->view);
    struct rect cell = first_cell(drawn);
    cell.w *= 0.9F; /* the number changes, too */
    take(drawn, RING, cell, true, C_CELL, "flapping");
}

/* Which of two marks must not be taken for each other: what is of one class but links, for those
 * differ by width; an arrow and anything else that is a line or a state. */
static bool must_differ(const struct mark *a, const struct mark *b)
{
    if (a->class == b->class) {
        return a->class == STATE || a->class == CELL;
    }
    bool arrow = a->class == ARROW || b->class == ARROW;
    enum class other = a->class == ARROW ? b->class : a->class;
    bool ring = (a->class == RING && !strcmp(b->name, "cell up")) ||
                (b->class == RING && !strcmp(a->name, "cell up"));
    return ring || (arrow && (other == STATE || other == LINK || other == BAR));
}

static void compare_marks(const struct drawn *drawn)
{
    int compared = 0;
    for (int i = 0; i < drawn->count; i++) {
        for (int k = 0; k < i; k++) {
            const struct mark *a = &drawn->marks[i];
            const struct mark *b = &drawn->marks[k];
            for (int s = 0; s < SIGHTS && must_differ(a, b); s++) {
                double d = sight_distance(a->ink, b->ink, s);
                compared++;
                if (d < SIGHT_DISTANCE_MIN) {
                    fail_msg("%s, %s: %s (#%06X) and %s (#%06X) are drawn only %.1f apart",
                            theme_used()->name, sight_name(s), a->name, a->ink & 0xFFFFFF, b->name,
                            b->ink & 0xFFFFFF, d);
                }
            }
        }
    }
    assert_in_range(compared, 500, 5000);
}

static void what_is_drawn_can_be_told_apart_by_every_sight_in_every_theme(void **state)
{
    (void)state;
    static struct drawn drawn;
    for (int t = 0; theme_at(t); t++) {
        begin(&drawn, theme_at(t));
        view_draw(&drawn.view);
        take_arrows(&drawn);
        take_links(&drawn);
        take_states(&drawn);
        take_cells(&drawn);
        compare_marks(&drawn);
        end(&drawn);
    }
}

/* Where the picture has changed, around a place. */
static void print_shape(
        const struct drawn *drawn, struct rect r, const char *name, struct shape *shape)
{
    g_strlcpy(shape->name, name, sizeof shape->name);
    int any = 0;
    for (int i = 0; i < SIDE * SIDE; i++) {
        int column = i % SIDE;
        int row = i / SIDE;
        int x = (int)(r.x + r.w * ((float)column + 0.5F) / SIDE);
        int y = (int)(r.y + r.h * ((float)row + 0.5F) / SIDE);
        colour before = 0xFF000000U | drawn->before[y * W + x];
        shape->dots[i] = sight_distance(pixel(drawn, x, y), before, 0) > 15;
        any += shape->dots[i];
    }
    assert_true(any > 0);
}

static void compare_shapes(const struct shape *shapes, int count)
{
    for (int i = 0; i < count; i++) {
        for (int k = 0; k < i; k++) {
            int both = 0;
            int either = 0;
            for (int d = 0; d < SIDE * SIDE; d++) {
                both += shapes[i].dots[d] && shapes[k].dots[d];
                either += shapes[i].dots[d] || shapes[k].dots[d];
            }
            if ((double)both > ALIKE * either) {
                fail_msg("%s and %s cover %d of the same %d dots", shapes[i].name, shapes[k].name,
                        both, either);
            }
        }
    }
}

/* One machine in each state, one after the other at the same place. */
static void the_shapes_of_states_as_drawn_differ(void **state)
{
    (void)state;
    static struct drawn drawn;
    static struct shape shapes[G_N_ELEMENTS(nodes)];
    begin(&drawn, theme_find("contrast"));
    view_draw(&drawn.view);
    struct rect place = place_of(&drawn, "blue1/gate");
    for (int i = 0; i < W * H; i++) {
        drawn.before[i] = C_GROUND & 0xFFFFFFU; /* as if nothing stood there */
    }
    for (guint i = 0; i < G_N_ELEMENTS(nodes); i++) {
        bool bad = nodes[i].status == STATUS_DEGRADED;
        set_machine(&drawn, "blue1/gate", nodes[i].state);
        scene_tell(drawn.model, bad ? "check.down" : "check.ok", "blue1", "gate", "{\"round\":1}");
        view_draw(&drawn.view);
        print_shape(&drawn, place, nodes[i].state, &shapes[i]);
    }
    compare_shapes(shapes, G_N_ELEMENTS(nodes));
    end(&drawn);
}

/* Dashed, solid, barred, dotted: along the end of the arrow. */
static void the_shapes_of_verdicts_as_drawn_differ(void **state)
{
    (void)state;
    static struct drawn drawn;
    static struct shape shapes[G_N_ELEMENTS(verdicts)];
    begin(&drawn, theme_find("dark"));
    drawn.view.attacks = false;
    set_attack(&drawn, 0);
    keep(&drawn);
    drawn.view.attacks = true;
    for (guint v = 0; v < G_N_ELEMENTS(verdicts); v++) {
        set_attack(&drawn, v);
        view_draw(&drawn.view);
        print_shape(&drawn, way(&drawn, 0.72F, 0.96F), verdicts[v].body, &shapes[v]);
    }
    compare_shapes(shapes, G_N_ELEMENTS(verdicts));
    end(&drawn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(what_is_drawn_can_be_told_apart_by_every_sight_in_every_theme),
            cmocka_unit_test(the_shapes_of_states_as_drawn_differ),
            cmocka_unit_test(the_shapes_of_verdicts_as_drawn_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
