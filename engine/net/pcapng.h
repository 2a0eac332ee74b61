/* pcapng.h - writes capture files: one section, its interfaces, names, packets and counts.
 *
 * libpcap reads pcapng and writes only the older format, which can name neither networks nor
 * machines. Format: draft-ietf-opsawg-pcapng,
 * https://ietf-opsawg-wg.github.io/draft-ietf-opsawg-pcap/ Integers are written in the host's
 * order, which the section's head tells the reader.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define PCAPNG_ETHERNET 1        /* LINKTYPE_ETHERNET */
#define PCAPNG_PACKET_MAX 262144 /* bytes of a packet: what libpcap reads back */

struct pcapng;

struct pcapng_name { /* for whoever shows the packets */
    guint32 address; /* IPv4, host byte order */
    const char *name;
};

struct pcapng_packet {
    gint64 at_ns; /* since 1970 */
    const guint8 *bytes;
    guint32 captured;    /* bytes that are there */
    guint32 length;      /* bytes it had on the wire */
    const char *comment; /* may be NULL */
};

struct pcapng_counts {
    gint64 from_ns, to_ns;
    guint64 received, dropped; /* dropped: seen, but there was no room for them */
};

/* A new file of mode 0600 at path (refuses one that is there); comment is about all of it, may be
 * NULL. */
struct pcapng *pcapng_create(const char *path, const char *comment, GError **error);
/* The same on a descriptor that is taken over. path is for messages. */
struct pcapng *pcapng_new(int fd, const char *path, const char *comment);

/* Describes an Ethernet interface: 0 is the number of the first, 1 of the second … description may
 * be NULL. Before the first packet of it. */
void pcapng_interface(struct pcapng *file, const char *name, const char *description);
void pcapng_names(struct pcapng *file, const struct pcapng_name *names, gsize count);
/* A packet longer than PCAPNG_PACKET_MAX is cut. */
void pcapng_packet(struct pcapng *file, guint32 interface, const struct pcapng_packet *packet);
void pcapng_counts(struct pcapng *file, guint32 interface, const struct pcapng_counts *counts);

/* Bytes given to it so far: where the next block begins. */
guint64 pcapng_size(const struct pcapng *file);

/* All that was given is in the file, in whole blocks, when this returns true. After a failure
 * nothing more is written and every call fails. */
bool pcapng_flush(struct pcapng *file, GError **error);

/* Flushes and frees; accepts NULL. ret_sha256 (may be NULL) is the file's SHA-256 as 64 hex digits,
 * the caller's; NULL on failure. */
bool pcapng_close(struct pcapng *file, char **ret_sha256, GError **error);
