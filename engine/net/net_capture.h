/* net_capture.h - the packets of a network as a ring of pcapng files.
 *
 * A thread of its own reads the packets (libpcap) and writes them, so that a slow disk delays
 * nobody: what finds no room meanwhile is counted as dropped. The ring keeps the packets of the
 * last keep_us and those of held times, and never more than bytes_max: beyond that the oldest file
 * goes, one of a held time last. Times are wall clock, as in the packets.
 */
#pragma once

#include "net/pcapng.h"

#define NET_CAPTURE_FILES_MAX 256

struct net_capture;

struct net_capture_options { /* strings are copied */
    const char *interface;   /* a bridge gives every frame of its network once */
    const char *name;        /* blue1/office: the interface as the files call it */
    const char *description; /* may be NULL */
    const char *comment;     /* about each file; may be NULL */
    const struct pcapng_name *names;
    gsize n_names;
    const char *folder; /* is there; files are FOLDER/STEM-0001.pcapng and on */
    const char *stem;
    gint64 keep_us;
    guint64 bytes_max;
};

struct net_capture_file {
    char *name; /* without the folder */
    gint64 first_us, last_us;
    guint64 packets, bytes;
    char *sha256; /* NULL while it is being written */
    bool held;    /* of a held time */
};
void net_capture_file_free(gpointer data);

struct net_capture_state {
    guint64 packets, bytes; /* since the start, also those that have left the ring */
    guint64 dropped;
    guint removed;   /* files that have left the ring */
    guint held_lost; /* … of them, those of a held time */
    bool running;    /* false: stopped, or ended by problem */
    char *problem;   /* why it ended by itself, or NULL */
    char *file;      /* being written, or NULL; the next packet will be at offset */
    guint64 offset;
};
void net_capture_state_clear(struct net_capture_state *state);

/* Begins to capture in the namespace of the calling thread, which must be allowed to
 * (CAP_NET_RAW). */
struct net_capture *net_capture_start(const struct net_capture_options *options, GError **error);

/* Ends it once all packets seen so far are written: done is called in the context that is the
 * calling thread's default. Once only. */
typedef void (*net_capture_fn)(gpointer data);
void net_capture_stop(struct net_capture *capture, net_capture_fn done, gpointer data);

/* Waits for the end; accepts NULL. A done that has not been called will not be. */
void net_capture_free(struct net_capture *capture);

/* From one call with true to as many with false, what is captured is of a held time, and so are
 * the few seconds before it. */
void net_capture_hold(struct net_capture *capture, bool held);

void net_capture_look(struct net_capture *capture, struct net_capture_state *ret);
/* The files of the ring, oldest first: of struct net_capture_file, owning. */
GPtrArray *net_capture_files(struct net_capture *capture);
