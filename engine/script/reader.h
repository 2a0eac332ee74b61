/* reader.h - reads nodes into members of a plan's structures by a table of fields. */
#pragma once

#include "plan/plan.h"
#include "script/node.h"
#include "script/sandbox.h"

struct reader {
    struct plan *plan;
    GPtrArray *problems;
    const char *folder;      /* the scenario's folder, for files */
    struct sandbox *sandbox; /* hears of files that were read */
    gsize file_bytes;        /* of those for machines, so far */
};

enum field_type {
    FIELD_TEXT,     /* char *, UTF-8 */
    FIELD_BOOLEAN,  /* bool */
    FIELD_INTEGER,  /* int */
    FIELD_NUMBER,   /* double */
    FIELD_SEED,     /* guint64 */
    FIELD_DURATION, /* gint64, microseconds: 90, "90s", "1m30s", "2h" */
    FIELD_TIMEOUT,  /* int, milliseconds: the same */
    FIELD_MEMORY,   /* int, MiB: "256M", "1G" */
    FIELD_ADDRESS,  /* guint32 */
    FIELD_ARGV,     /* char ** */
    FIELD_ARGVS,    /* GPtrArray * of char ** */
    FIELD_TEXTS,    /* GPtrArray * of char * */
    FIELD_FUNCTION, /* int, a registry reference */
    FIELD_OTHER,    /* read() does it */
};

struct field {
    const char *key;
    enum field_type type;
    bool required;
    gsize offset;
    void (*read)(struct reader *reader, const struct node *node, gpointer target);
};

/* Reports at the node's line: "machines.web.memory: expected a size such as "256M", got boolean".
 */
void reader_expected(struct reader *reader, const struct node *node, const char *what);

/* Reads every entry of the table into target; unknown, missing and mistyped ones are reported. */
void reader_fields(struct reader *reader, const struct node *node, const struct field *fields,
        gpointer target);

/* Calls fn for every NAME = … of the table. */
void reader_each(struct reader *reader, const struct node *node,
        void (*fn)(struct reader *reader, const struct node *entry));

/* A table with nothing but 1, 2, 3 …; false when reported. */
bool reader_is_list(struct reader *reader, const struct node *node, const char *what);

/* Text without zero bytes, valid UTF-8; NULL when reported. The caller frees it. */
char *reader_text(struct reader *reader, const struct node *node, const char *what);

/* The real path of one below the folder, links resolved; NULL when it leads out of it or is not
 * there. The caller frees it. */
char *reader_inside(const char *folder, const char *path);

/* The parts of a scenario, one function for each key of the returned table. */
void read_team(struct reader *reader, const struct node *node);
void read_network(struct reader *reader, const struct node *node);
void read_machine(struct reader *reader, const struct node *node);
void read_router(struct reader *reader, const struct node *node);
void read_service(struct reader *reader, const struct node *node);
void read_step(struct reader *reader, const struct node *node);
void read_player(struct reader *reader, const struct node *node);
void read_score(struct reader *reader, const struct node *node, gpointer target);
/* read_exam.c */
void read_exam(struct reader *reader, const struct node *node, gpointer target);
void read_timeline(struct reader *reader, const struct node *node, gpointer target);

/* read_links.c: links = { … }, and impair = { … }, clear = { … } of an entry of the timeline */
struct plan_impair *read_impair(struct reader *reader, const struct node *node);
void read_entry_impair(struct reader *reader, const struct node *node, gpointer target);
void read_entry_clear(struct reader *reader, const struct node *node, gpointer target);
void read_links(struct reader *reader, const struct node *node, gpointer target);

/* networks.NAME.capture */
void read_capture(struct reader *reader, const struct node *node, gpointer target);
/* Keys of a machine about its hardware (read_hardware.c); target: struct plan_host. */
void read_disk(struct reader *reader, const struct node *node, gpointer target);
void read_firmware(struct reader *reader, const struct node *node, gpointer target);
void read_tpm(struct reader *reader, const struct node *node, gpointer target);
void read_agent(struct reader *reader, const struct node *node, gpointer target);
void read_ready(struct reader *reader, const struct node *node, gpointer target);
void read_cards(struct reader *reader, const struct node *node, gpointer target);
void read_bus(struct reader *reader, const struct node *node, gpointer target);

/* http = { … } and the like: probes (services, steps) and predicates (effects). */
void read_probe(struct reader *reader, const struct node *node, gpointer target);
void read_predicate(struct reader *reader, const struct node *node, gpointer target);

/* read_router.c: what else a network and a card may say. */
void read_cidr6(struct reader *reader, const struct node *node, gpointer target);
void read_dhcp(struct reader *reader, const struct node *node, gpointer target);
void read_nic_options(struct reader *reader, const struct node *node, struct plan_nic *nic);

/* The whole table into reader->plan. */
void read_scenario(struct reader *reader, const struct node *root);
