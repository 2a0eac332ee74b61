/* pcap_select.h - picks the packets of a time out of capture files into one new file. */
#pragma once

#include "net/pcapng.h"

struct pcap_source { /* one network's files, oldest first */
    const char *name;
    const char *description;  /* may be NULL */
    const char *const *files; /* paths, NULL-terminated */
    gint64 from_us, to_us;    /* wall clock, both included */
};

/* Writes an interface for each source, and their packets in the order of time. A file that ends in
 * the middle of a packet (it is being written, or its writer was killed) is read up to there. Files
 * are hostile: what libpcap does not take is an error that names the file. */
bool pcap_select(const struct pcap_source *sources, gsize count, struct pcapng *out,
        guint64 *ret_packets, GError **error);
