/* pcap_select.c - picks the packets of a time out of capture files: a merge by time, by libpcap. */
#include "net/pcap_select.h"

#include "base/error.h"

#include <pcap/pcap.h>
#include <string.h>

struct stream { /* a source and its next packet */
    const struct pcap_source *source;
    gsize next; /* of its files */
    pcap_t *pcap;
    struct pcap_pkthdr *header;
    const u_char *bytes;
    gint64 at_ns; /* of that packet; G_MAXINT64: there is none */
};

static bool open_next(struct stream *stream, GError **error)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    const char *path = stream->source->files[stream->next++];
    stream->pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, why);
    if (stream->pcap && pcap_datalink(stream->pcap) == DLT_EN10MB) {
        return true;
    }
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "cannot read %s: %s", path,
            stream->pcap ? "its packets are not Ethernet" : why);
    return false;
}

static bool is_cut(const pcap_t *pcap)
{
    return strstr(pcap_geterr((pcap_t *)pcap), "truncated") != NULL;
}

/* 1: the next packet of the open file; 0: its end; -1: error. */
static int read_one(struct stream *stream, GError **error)
{
    int n = pcap_next_ex(stream->pcap, &stream->header, &stream->bytes);
    if (n == 1) {
        stream->at_ns = (gint64)stream->header->ts.tv_sec * G_GINT64_CONSTANT(1000000000) +
                        stream->header->ts.tv_usec;
        return 1;
    }
    if (n == PCAP_ERROR_BREAK || is_cut(stream->pcap)) {
        return 0;
    }
    g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_FAILED, "cannot read %s: %s",
            stream->source->files[stream->next - 1], pcap_geterr(stream->pcap));
    return -1;
}

static bool is_wanted(const struct stream *stream)
{
    gint64 at_us = stream->at_ns / 1000;
    return at_us >= stream->source->from_us && at_us <= stream->source->to_us;
}

/* The next packet that is wanted, or at_ns = G_MAXINT64. */
static bool advance(struct stream *stream, GError **error)
{
    for (;;) {
        if (!stream->pcap) {
            stream->at_ns = G_MAXINT64;
            if (!stream->source->files[stream->next]) {
                return true;
            }
            if (!open_next(stream, error)) {
                return false;
            }
        }
        int n = read_one(stream, error);
        if (n < 0) {
            return false;
        }
        if (n == 0) {
            g_clear_pointer(&stream->pcap, pcap_close);
        } else if (is_wanted(stream)) {
            return true;
        }
    }
}

static bool merge(struct stream *streams, gsize count, struct pcapng *out, guint64 *ret_packets,
        GError **error)
{
    for (gsize i = 0; i < count; i++) {
        if (!advance(&streams[i], error)) {
            return false;
        }
    }
    for (;;) {
        gsize first = 0;
        for (gsize i = 1; i < count; i++) {
            first = streams[i].at_ns < streams[first].at_ns ? i : first;
        }
        struct stream *stream = &streams[first];
        if (stream->at_ns == G_MAXINT64) {
            return true;
        }
        const struct pcapng_packet packet = {
                .at_ns = stream->at_ns,
                .bytes = stream->bytes,
                .captured = stream->header->caplen,
                .length = stream->header->len,
        };
        pcapng_packet(out, (guint32)first, &packet);
        (*ret_packets)++;
        if (!advance(stream, error)) {
            return false;
        }
    }
}

bool pcap_select(const struct pcap_source *sources, gsize count, struct pcapng *out,
        guint64 *ret_packets, GError **error)
{
    g_autofree struct stream *streams = g_new0(struct stream, count + 1);
    *ret_packets = 0;
    for (gsize i = 0; i < count; i++) {
        streams[i].source = &sources[i];
        pcapng_interface(out, sources[i].name, sources[i].description);
    }
    bool ok = count == 0 || merge(streams, count, out, ret_packets, error);
    for (gsize i = 0; i < count; i++) {
        g_clear_pointer(&streams[i].pcap, pcap_close);
    }
    return ok && pcapng_flush(out, error);
}
