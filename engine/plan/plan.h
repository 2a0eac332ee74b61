/* plan.h - the validated scenario as plain data.
 *
 * script/ reads a scenario into a plan, plan_check() validates it, plan_expand() makes one copy of
 * every team's part. Nothing outside the process exists yet. After plan_expand() a plan is never
 * changed; every later stage holds it read-only. plan_to_json() is the body of exercise.created,
 * from which displays and scores learn everything they need.
 *
 * Declared things (what the author wrote) carry a line; expanded things (what will exist) carry an
 * id. A declared machine "web" of the team group "blue" with count 2 becomes the machines
 * "blue1/web" and "blue2/web" with identical addresses. A machine of a group with count 1 has the
 * plain id ("attacker"); when it stands on a network of another group it gets one card a copy, each
 * in a network namespace of the guest's own (its space), because the copies share their addresses.
 * Teams of a blue group are numbered even when there is only one, so that "blue1" always exists.
 */
#pragma once

#include "plan/hardware.h"

#include <cjson/cJSON.h>
#include <glib.h>
#include <netinet/in.h>
#include <stdbool.h>

#define PLAN_TEAMS_MAX 64
#define PLAN_MACHINES_MAX 1024 /* expanded */
#define PLAN_REPAIR_MAX 2000   /* bytes of a step's advice */

/* ---- declared ------------------------------------------------------------------------------ */

enum plan_role { PLAN_ROLE_BLUE, PLAN_ROLE_RED, PLAN_ROLE_GREEN, PLAN_ROLE_WHITE };

struct plan_group { /* teams = { blue = { count = 2 } } */
    char *name;
    enum plan_role role;
    int count;
    bool reference;    /* one more team, undefended, unattacked and unranked, to compare with */
    GPtrArray *titles; /* char *, at most count; may be empty */
    int line;
};

struct plan_subnet { /* networks = { office = { team = "blue", cidr = "10.20.1.0/24" } } */
    char *name;
    char *group;
    guint32 address; /* host byte order, the network's own address */
    int prefix;
    char *gateway;   /* machine or router name or NULL */
    guint32 checker; /* the engine's own address there for checks; default the last usable one */
    struct in6_addr address6;   /* cidr6, always a /64; all zeros: no IPv6 */
    guint32 dhcp_from, dhcp_to; /* addresses for who is not in the plan; 0: none */
    bool dhcp, dns;             /* the range answers DHCP, DNS there */
    bool isolate;               /* cards reach the gateway and the checker, not each other */
    bool vlan_aware;
    int stretch;  /* VXLAN number of the first team's network, reaching into a peer's; 0: none */
    int vlan;     /* of cards that say nothing, of the checker and of routers; default 1 */
    bool capture; /* its packets are kept … */
    gint64 capture_keep_us; /* … those of the last so many microseconds, and of all steps … */
    int capture_mib;        /* … in files of so many MiB in all */
    int line;
};

struct plan_nic {
    char *network;
    guint32 address;
    struct in6_addr address6; /* all zeros: made of the network's and the IPv4 one */
    bool dhcp;                /* the machine asks for its address */
    int vlan;                 /* access port; 0: the network's */
    GArray *trunk;            /* int: tagged VLANs; NULL: an access port */
    int line;
};

struct plan_file { /* files = { ["/etc/motd"] = "text" } or { from = "files/motd", mode = 420 } */
    char *path;
    char *content;
    gsize length;
    int mode; /* permission bits */
    int line;
};

struct plan_host { /* machines = { web = { image = "server", nics = { office = "10.20.1.10" } } } */
    char *name;
    char *group;
    char *image;
    int memory_mib;
    int vcpus;
    bool forward;     /* routes between its cards */
    bool display;     /* has a screen */
    GPtrArray *nics;  /* struct plan_nic * */
    GPtrArray *files; /* struct plan_file * */
    GPtrArray *setup; /* char ** argv, run once before the machine is ready */
    GPtrArray *logs;  /* char *: files of it whose new lines its team sees */
    struct plan_hardware hardware;
    int line;
};

enum plan_protocol { PLAN_HTTP, PLAN_TCP, PLAN_SSH, PLAN_MODBUS, PLAN_PING };

struct plan_probe { /* a look at a service from the team's side of the network */
    enum plan_protocol protocol;
    char *machine;
    int port;        /* 0: the protocol's usual one */
    int timeout_ms;  /* default 5000 */
    char *path;      /* HTTP, default "/" */
    int status;      /* HTTP, default 200 */
    char *contains;  /* HTTP body, SSH banner or TCP greeting; NULL: anything */
    char *table;     /* Modbus: coil, discrete, holding, input */
    int unit;        /* Modbus, default 1 */
    int address;     /* Modbus, from 0 */
    double min, max; /* Modbus: the value must lie in between, both included */
    char *via;       /* the network from which one looks; NULL: the machine's own */
    int line;
};

enum plan_predicate_kind {
    PLAN_ALL,
    PLAN_ANY,
    PLAN_NOT,
    PLAN_PROBE,   /* the probe passes */
    PLAN_FILE,    /* a file on a machine contains a text, or exists when contains is NULL */
    PLAN_LOG,     /* the same, but only in what was written since the step began */
    PLAN_EXEC,    /* a command on a machine exits with status and prints a text */
    PLAN_GREW,    /* the first number a command prints is higher than it was before the step */
    PLAN_COUNTER, /* a router's rule has met more packets than before the step */
};

struct plan_predicate { /* a question about the world */
    enum plan_predicate_kind kind;
    GPtrArray *parts; /* struct plan_predicate *: ALL, ANY, NOT (one) */
    struct plan_probe *probe;
    char *machine;  /* FILE, LOG, EXEC, GREW; COUNTER: the router */
    char *rule;     /* COUNTER */
    char *path;     /* FILE, LOG */
    char **argv;    /* EXEC, GREW */
    int status;     /* EXEC: the exit status wanted, default 0 */
    char *contains; /* FILE, LOG, EXEC: plain text; may be NULL */
    int line;
};

struct plan_service {
    char *name;
    char *title;
    struct plan_probe *probe;
    gint64 every_us;
    int points;      /* for each passed check */
    int sla_after;   /* a run of so many failures … */
    int sla_penalty; /* … costs so much; then the run counts anew */
    int line;
};

struct plan_technique {
    char *domain;  /* enterprise, ics, mobile */
    char *version; /* of ATT&CK, "18.1" */
    char *id;      /* T1110.001 */
};

struct plan_step {
    char *name;
    char *title;
    struct plan_technique attack;
    char *from;     /* machine name: where the commands run */
    char *to;       /* machine name: the target */
    char *needs;    /* a step that must have taken effect on this team before, or NULL */
    GPtrArray *act; /* char ** argv, run in order on from; ${NAME} is the address of machine NAME,
                       ${to} that of the target, ${team} the target team's id */
    struct plan_predicate *effect;     /* has it worked? */
    struct plan_predicate *blocked_by; /* what shows that it was prevented; may be NULL */
    struct plan_probe *probe;          /* is the path alive at all? */
    gint64 limit_us;                   /* for the commands */
    gint64 within_us;                  /* how long the effect may take to show after the commands */
    GPtrArray *undo;                   /* char ** argv on from; may be empty */
    int points_effect;                 /* to the group of from */
    int points_blocked;                /* to the target team */
    char *repair, *repair_zh;          /* advice for who was hit, in the report; may be NULL */
    int line;
};

struct plan_player { /* a scripted human: a Lua function started once for each team it is for */
    char *name;
    char *team; /* expanded team id, or group name for each of its teams */
    char *title;
    gint64 at_us;
    int function; /* registry reference in the script, 0 if none */
    int line;
};

#define PLAN_APPROVALS_MAX 5

struct plan_entry {             /* timeline = { { at = "30s", step = "recon" }, … } */
    gint64 at_us;               /* -1: off the list */
    bool manual;                /* off the list: fired by hand only */
    int approvals;              /* so many people must agree that it fires; 0: nobody is asked */
    char *step;                 /* or NULL */
    char *team;                 /* only this team; NULL: each blue team */
    bool undo;                  /* not the step but its undo */
    char *note;                 /* a message to all, or NULL */
    int function;               /* registry reference, 0 if none */
    struct plan_impair *impair; /* a link impaired or cleared, or NULL (plan_impair.h) */
    int line;
};

/* ---- expanded ------------------------------------------------------------------------------ */

struct plan_team {
    char *id; /* blue1 */
    char *title;
    const struct plan_group *group;
    int number;     /* within its group, from 1 */
    bool reference; /* the last of its group: see there */
};

struct plan_network {
    char *id;     /* blue1/office */
    char *bridge; /* interface name, at most 15 bytes */
    int team;     /* index into teams */
    guint32 vni;  /* its VXLAN number; 0: it ends with the cell */
    const struct plan_subnet *subnet;
};

struct plan_card {
    int network; /* index into networks */
    guint32 address;
    guint32 gateway;                    /* 0: none */
    struct in6_addr address6, gateway6; /* all zeros: none */
    const struct plan_nic *nic;
    unsigned char mac[6];
    char *tap;   /* interface name, at most 15 bytes */
    char *space; /* name of the guest's own network namespace for it, or NULL */
};

struct plan_machine {
    char *id;     /* blue1/web, attacker */
    char *domain; /* short name for libvirt: m1, m2 … */
    int team;
    const struct plan_host *host;
    GPtrArray *cards; /* struct plan_card * */
};

struct plan_inject { /* one timeline entry for one team */
    char *id;        /* recon@blue1, or note-2 */
    gint64 at_us;    /* -1: off the list, fired by hand only */
    int team;        /* -1: all */
    const struct plan_entry *entry;
    const struct plan_step *step; /* or NULL */
};

struct plan {
    char *name;   /* from the folder, or --name */
    char *path;   /* the scenario file */
    char *digest; /* SHA-256 of its text, hex */
    char *title;
    char *version;
    char *briefing; /* may be empty */
    gint64 duration_us;
    gint64 freeze_us; /* from then on the public is shown no more; 0: it is shown all */
    guint64 seed;
    cJSON *score; /* chosen models as in docs/events.md, or NULL: the usual ones */
    GPtrArray *groups, *subnets, *hosts, *services, *steps, *players, *timeline;
    GPtrArray *links; /* struct plan_impair *: impaired from the start */
    GPtrArray *teams, *networks, *machines, *injects;
    guint added;            /* injects made while it runs: numbers them */
    GPtrArray *routers;     /* struct plan_router *, declared (plan/router.h) */
    GPtrArray *gates;       /* struct plan_gate *, expanded */
    struct plan_exam *exam; /* plan/exam.h, or NULL */
    GHashTable *lines; /* address of a member of something declared → its line; plan_line() */
};

/* Everything allocated, all arrays empty and owning their elements. */
struct plan *plan_new(void);
void plan_free(struct plan *plan); /* accepts NULL */

static inline void plan_cleanup(struct plan **plan)
{
    plan_free(*plan);
}
#define auto_plan __attribute__((cleanup(plan_cleanup))) struct plan *

/* The line a member was written on (field is its address, &host->image), else fallback. */
int plan_line(const struct plan *plan, gconstpointer field, int fallback);
void plan_line_set(struct plan *plan, gconstpointer field, int line);

struct plan_group *plan_group_new(void);
struct plan_host *plan_host_new(void);
struct plan_probe *plan_probe_new(enum plan_protocol protocol);
struct plan_predicate *plan_predicate_new(enum plan_predicate_kind kind);
struct plan_step *plan_step_new(void);
struct plan_machine *plan_machine_new(void);
void plan_probe_free(struct plan_probe *probe);
void plan_predicate_free(struct plan_predicate *predicate);
/* Does it compare with the moment before the step? Then nothing can take its yes back. */
bool plan_predicate_looks_back(const struct plan_predicate *predicate);

/* One thing wrong with a scenario. */
struct plan_problem {
    int line;
    char *text; /* machine "hmi": unknown network "scda" (did you mean "scada"?) */
};

/* Problems of one scenario, in the order they were found. */
GPtrArray *plan_problems_new(void);
void plan_problem_add(GPtrArray *problems, int line, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* "FILE:LINE: TEXT" a line, sorted by line; the caller frees it. */
char *plan_problems_text(const GPtrArray *problems, const char *file);

/* Names, addresses, cross references, counts, limits: appends every problem found. What the loader
 * could not read (NULL, 0) it has reported itself, so that is passed over here. */
void plan_check(const struct plan *plan, GPtrArray *problems);

/* Every machine's image is one of images (NULL-terminated). */
void plan_check_images(const struct plan *plan, const char *const *images, GPtrArray *problems);

/* What machines leave open is taken from their images (struct plan_image), and what images cannot
 * be is reported. After plan_check() without problems, before plan_expand(). */
void plan_apply_images(struct plan *plan, const GPtrArray *images, GPtrArray *problems);

/* MiB that the expanded machines need: their memory and what QEMU adds to each. */
int plan_memory_mib(const struct plan *plan);

/* Makes teams, networks, machines, injects from what is declared. blue_teams > 0 overrides the
 * count of every group with the role blue. Call once, after plan_check() found nothing. */
bool plan_expand(struct plan *plan, int blue_teams, GError **error);

/* Groups with several teams, and blue ones, give their teams numbers: blue1, blue2. */
bool plan_group_is_numbered(const struct plan_group *group);
int plan_group_teams(const struct plan_group *group); /* the reference counted */

/* Is the team the one with that id, or one of the group with that name? */
bool plan_team_is(const struct plan_team *team, const char *id_or_group);

#define PLAN_CAPTURE_KEEP_US (5 * 60 * G_USEC_PER_SEC) /* defaults */
#define PLAN_CAPTURE_MIB 64
#define PLAN_STRETCH_MAX 16777000 /* VXLAN numbers have 24 bits; teams count on */

/* By name; NULL or -1 when there is none. */
const struct plan_group *plan_group(const struct plan *plan, const char *name);
const struct plan_subnet *plan_subnet(const struct plan *plan, const char *name);
const struct plan_host *plan_host(const struct plan *plan, const char *name);
const struct plan_nic *plan_host_nic(const struct plan_host *host, const char *network);
const struct plan_step *plan_step(const struct plan *plan, const char *name);
int plan_team_index(const struct plan *plan, const char *id);
int plan_machine_index(const struct plan *plan, const char *id);
int plan_inject_index(const struct plan *plan, const char *id);
int plan_network_index(const struct plan *plan, const char *id);

/* " (did you mean \"blue1/web\" or \"blue2/web\"?)" or "", for an id that is none: of machines,
 * injects, networks. The caller frees it. */
char *plan_machine_hint(const struct plan *plan, const char *wrong);
char *plan_inject_hint(const struct plan *plan, const char *wrong);
char *plan_network_hint(const struct plan *plan, const char *wrong);

/* The machine called name as team sees it: its own copy, else a shared one; -1 when none. */
int plan_machine_for(const struct plan *plan, const char *name, int team);

/* Where from reaches to, for work against team: the address on a network both stand on, else to's
 * first one. 0 when unknown. */
guint32 plan_address_for(const struct plan *plan, int from, int to, int team);

/* The guest's network namespace that from must use for work against team, or NULL. */
const char *plan_space_for(const struct plan *plan, int from, int team);

/* argv with ${…} replaced for a step against team; NULL and an error for an unknown name. "$${" is
 * a literal "${". step may be NULL: then there is no ${to}, and addresses are the machines' first.
 */
char **plan_argv(const struct plan *plan, const struct plan_step *step, char *const *argv, int team,
        GError **error);

/* text with the same replacements (paths and texts of predicates). */
char *plan_text(const struct plan *plan, const struct plan_step *step, const char *text, int team,
        GError **error);

/* The address by which to is reached from network: its own there, else the one to which a router
 * of its team maps it there. 0 when there is none. */
guint32 plan_address_on(const struct plan *plan, int to, int network);

/* The network called name that team has, else the shared one; -1 when none. */
int plan_network_for(const struct plan *plan, const char *name, int team);

/* Dotted quad; the caller frees it. */
char *plan_address_text(guint32 address);
bool plan_address_parse(const char *text, guint32 *ret);
bool plan_cidr_parse(const char *text, guint32 *ret_address, int *ret_prefix);

/* "90", 90, "1m30s", "2h" → microseconds. */
bool plan_duration_parse(const char *text, gint64 *ret_us);

/* The plan as every client sees it (docs/events.md, exercise.created). No file contents, no argv.
 */
cJSON *plan_to_json(const struct plan *plan);
/* Is there room for the expanded plan in the event that an exercise begins with? */
bool plan_fits(const struct plan *plan, GError **error);

/* The port a probe uses: its own, else the protocol's usual one; 0 for ping. */
int plan_probe_port(const struct plan_probe *probe);

const char *plan_role_name(enum plan_role role);
const char *plan_protocol_name(enum plan_protocol protocol);
