/* event.h - one event: the unit of the ledger, of the control protocol and of every fold.
 *
 * docs/events.md lists the kinds and their bodies. As JSON an event is one object on one line:
 *   {"seq":7,"at_us":15000000,"wall_us":…,"kind":"check.ok","team":"blue1","subject":"site",
 *    "body":{…},"hash":"<64 hex digits>"}
 */
#pragma once

#include <cjson/cJSON.h>
#include <glib.h>
#include <stdbool.h>

#define EVENT_HASH_BYTES 32
#define EVENT_NAME_MAX 128         /* bytes of kind, team and subject */
#define EVENT_BODY_MAX (512 << 10) /* bytes of a body's text */

struct event {
    gint64 seq;     /* 1, 2, 3 … given by the ledger; 0 before */
    gint64 at_us;   /* exercise clock, microseconds since the exercise's start; 0 before it */
    gint64 wall_us; /* microseconds since 1970 */
    char *kind;     /* never NULL */
    char *team;     /* "" when no team is concerned; never NULL */
    char *subject;  /* "" when none; never NULL */
    char *body;     /* the text of one JSON object; never NULL */
    unsigned char hash[EVENT_HASH_BYTES]; /* given by the ledger */
};

/* Makes an event; team and subject may be NULL, body is consumed and may be NULL ("{}"). */
struct event *event_new(const char *kind, const char *team, const char *subject, cJSON *body);
struct event *event_copy(const struct event *event);
void event_free(struct event *event); /* accepts NULL */

/* One line of JSON without the newline; the caller frees it. */
char *event_to_line(const struct event *event);

/* Parses such a line (hostile input); NULL and SANDTABLE_ERROR_PROTOCOL on anything else. */
struct event *event_from_line(const char *line, gsize length, GError **error);

/* True for a string that may be a kind, team or subject: printable UTF-8 within the limit. */
bool event_name_is_valid(const char *text);

static inline void event_cleanup(struct event **event)
{
    event_free(*event);
}
#define auto_event __attribute__((cleanup(event_cleanup))) struct event *
