/* crowd.h - a made-up large exercise as events: the same numbers give the same events. */
#pragma once

#include "base/event.h"

#include <glib.h>

struct crowd {
    int teams, machines, services; /* machines and services of each team */
    int links;                     /* cards of each machine */
    int events;                    /* about so many after the start */
    gint64 duration_us;
};

/* GPtrArray of struct event, seq from 1, ended; the caller's. */
GPtrArray *crowd_events(const struct crowd *crowd);
/* One event a line. */
void crowd_write(const GPtrArray *events, const char *path);
/* The same, one at a time: the i-th event after the start, without hash. */
struct event *crowd_created(const struct crowd *crowd);
struct event *crowd_later(const struct crowd *crowd, int i);
