/* net_capture_ring.c - the files of a capture: when the next one begins, and which one goes. */
#include "net/net_capture_ring.h"

#include "base/error.h"

#include <glib/gstdio.h>
#include <string.h>

#define PIECES_TIME 10  /* files in which the time to keep is cut … */
#define PIECES_BYTES 16 /* … and the room */
#define PIECE_MIN_US G_USEC_PER_SEC
#define PIECE_MAX_US (60 * G_USEC_PER_SEC)
#define PIECE_MIN_BYTES 65536
#define HELD_BEFORE_US (5 * G_USEC_PER_SEC)

struct capture_ring {
    struct net_capture_options options; /* its strings are ours */
    guint number;                       /* of the file being written */
    struct pcapng *file;
    gint64 opened_ns;
    guint64 dropped_before; /* when the file began */
    GError *failure;
    GMutex lock; /* for what follows */
    GPtrArray *files;
    gint64 seen_us; /* the newest packet's time */
    int holds;
    guint64 packets, bytes, dropped;
    guint removed, held_lost;
    guint64 offset;
};

void net_capture_file_free(gpointer data)
{
    struct net_capture_file *file = data;
    g_free(file->name);
    g_free(file->sha256);
    g_free(file);
}

static struct net_capture_file *file_copy(const struct net_capture_file *from)
{
    struct net_capture_file *file = g_memdup2(from, sizeof(*from));
    file->name = g_strdup(from->name);
    file->sha256 = g_strdup(from->sha256);
    return file;
}

/* There is one as long as the ring is open. */
static struct net_capture_file *newest(const struct capture_ring *ring)
{
    g_assert(ring->files->len > 0);
    return ring->files->pdata[ring->files->len - 1];
}

static char *path_of(const struct capture_ring *ring, const char *name)
{
    return g_build_filename(ring->options.folder, name, NULL);
}

/* ---- beginning and ending files ------------------------------------------------------------ */

/* After the files of an earlier capture of the same network. */
static guint last_number(const struct net_capture_options *options)
{
    guint last = 0;
    gsize length = strlen(options->stem);
    g_autoptr(GDir) dir = g_dir_open(options->folder, 0, NULL);
    const char *entry;
    while (dir && (entry = g_dir_read_name(dir))) {
        if (!strncmp(entry, options->stem, length) && entry[length] == '-') {
            guint64 number = g_ascii_strtoull(entry + length + 1, NULL, 10);
            last = MAX(last, (guint)MIN(number, G_MAXUINT - 1));
        }
    }
    return last;
}

static bool begin_file(struct capture_ring *ring, gint64 now_ns, GError **error)
{
    const struct net_capture_options *options = &ring->options;
    struct net_capture_file *file = g_new0(struct net_capture_file, 1);
    file->name = g_strdup_printf("%s-%04u.pcapng", options->stem, ++ring->number);
    g_autofree char *path = path_of(ring, file->name);
    ring->file = pcapng_create(path, options->comment, error);
    if (!ring->file) {
        net_capture_file_free(file);
        return false;
    }
    pcapng_interface(ring->file, options->name, options->description);
    pcapng_names(ring->file, options->names, options->n_names);
    ring->opened_ns = now_ns;
    g_mutex_lock(&ring->lock);
    ring->dropped_before = ring->dropped;
    file->held = ring->holds > 0;
    file->bytes = ring->offset = pcapng_size(ring->file);
    g_ptr_array_add(ring->files, file);
    g_mutex_unlock(&ring->lock);
    return true;
}

static bool end_file(struct capture_ring *ring, gint64 now_ns, GError **error)
{
    g_mutex_lock(&ring->lock);
    struct net_capture_file *file = newest(ring); /* nobody else takes it away */
    const struct pcapng_counts counts = {
            .from_ns = ring->opened_ns,
            .to_ns = now_ns,
            .received = file->packets,
            .dropped = ring->dropped - ring->dropped_before,
    };
    g_mutex_unlock(&ring->lock);
    pcapng_counts(ring->file, 0, &counts);
    guint64 size = pcapng_size(ring->file);
    g_autofree char *sha256 = NULL;
    bool ok = pcapng_close(g_steal_pointer(&ring->file), &sha256, error);
    g_mutex_lock(&ring->lock);
    file->bytes = ring->offset = size;
    file->sha256 = g_steal_pointer(&sha256);
    g_mutex_unlock(&ring->lock);
    return ok;
}

/* ---- which file goes ----------------------------------------------------------------------- */

/* The oldest that is no longer wanted, or when force is set the one that is missed least; never the
 * one being written. -1: none. */
static int to_remove(const struct capture_ring *ring, gint64 now_us, bool force)
{
    int held = -1;
    for (guint i = 0; i + 1 < ring->files->len; i++) {
        const struct net_capture_file *file = ring->files->pdata[i];
        if (!file->held) {
            return force || file->last_us < now_us - ring->options.keep_us ? (int)i : -1;
        }
        held = held < 0 ? (int)i : held;
    }
    return force ? held : -1;
}

static guint64 room_taken(const struct capture_ring *ring)
{
    guint64 sum = 0;
    for (guint i = 0; i < ring->files->len; i++) {
        sum += ((const struct net_capture_file *)ring->files->pdata[i])->bytes;
    }
    return sum;
}

static void remove_old(struct capture_ring *ring, gint64 now_us)
{
    guint64 piece = MAX(ring->options.bytes_max / PIECES_BYTES, PIECE_MIN_BYTES);
    g_mutex_lock(&ring->lock);
    for (;;) {
        bool full = room_taken(ring) + piece > ring->options.bytes_max ||
                    ring->files->len > NET_CAPTURE_FILES_MAX;
        int index = to_remove(ring, now_us, full);
        if (index < 0) {
            break;
        }
        const struct net_capture_file *file = ring->files->pdata[index];
        g_autofree char *path = path_of(ring, file->name);
        (void)g_unlink(path);
        ring->removed++;
        ring->held_lost += file->held;
        g_ptr_array_remove_index(ring->files, (guint)index);
    }
    g_mutex_unlock(&ring->lock);
}

static bool is_full(struct capture_ring *ring, gint64 now_ns)
{
    const struct net_capture_options *options = &ring->options;
    gint64 piece_us = CLAMP(options->keep_us / PIECES_TIME, PIECE_MIN_US, PIECE_MAX_US);
    guint64 piece = MAX(options->bytes_max / PIECES_BYTES, PIECE_MIN_BYTES);
    const struct net_capture_file *file = newest(ring);
    return file->packets > 0 &&
           (now_ns / 1000 - file->first_us >= piece_us || pcapng_size(ring->file) >= piece);
}

/* ---- the writer ---------------------------------------------------------------------------- */

struct capture_ring *capture_ring_new(const struct net_capture_options *options, GError **error)
{
    struct capture_ring *ring = g_new0(struct capture_ring, 1);
    struct pcapng_name *names = g_new0(struct pcapng_name, options->n_names + 1);
    for (gsize i = 0; i < options->n_names; i++) {
        names[i] =
                (struct pcapng_name){options->names[i].address, g_strdup(options->names[i].name)};
    }
    ring->options = (struct net_capture_options){
            .name = g_strdup(options->name),
            .description = g_strdup(options->description),
            .comment = g_strdup(options->comment),
            .names = names,
            .n_names = options->n_names,
            .folder = g_strdup(options->folder),
            .stem = g_strdup(options->stem),
            .keep_us = options->keep_us,
            .bytes_max = options->bytes_max,
    };
    g_mutex_init(&ring->lock);
    ring->files = g_ptr_array_new_with_free_func(net_capture_file_free);
    ring->number = last_number(&ring->options);
    if (!begin_file(ring, g_get_real_time() * 1000, error)) {
        capture_ring_free(ring);
        return NULL;
    }
    return ring;
}

bool capture_ring_packet(
        struct capture_ring *ring, const struct pcapng_packet *packet, GError **error)
{
    if (is_full(ring, packet->at_ns)) {
        if (!end_file(ring, packet->at_ns, error)) {
            return false;
        }
        remove_old(ring, packet->at_ns / 1000);
        if (!begin_file(ring, packet->at_ns, error)) {
            return false;
        }
    }
    guint64 before = pcapng_size(ring->file);
    pcapng_packet(ring->file, 0, packet);
    gint64 at_us = packet->at_ns / 1000;
    g_mutex_lock(&ring->lock);
    struct net_capture_file *file = newest(ring);
    file->first_us = file->packets ? MIN(file->first_us, at_us) : at_us;
    file->last_us = MAX(file->last_us, at_us);
    file->packets++;
    file->bytes = ring->offset = pcapng_size(ring->file);
    ring->seen_us = MAX(ring->seen_us, at_us);
    ring->packets++;
    ring->bytes += ring->offset - before;
    g_mutex_unlock(&ring->lock);
    return true;
}

bool capture_ring_flush(struct capture_ring *ring, gint64 now_ns, guint64 dropped, GError **error)
{
    g_mutex_lock(&ring->lock);
    ring->dropped = dropped;
    g_mutex_unlock(&ring->lock);
    remove_old(ring, now_ns / 1000);
    return pcapng_flush(ring->file, error);
}

bool capture_ring_close(struct capture_ring *ring, gint64 now_ns, GError **error)
{
    return !ring->file || end_file(ring, now_ns, error);
}

void capture_ring_free(struct capture_ring *ring)
{
    if (!ring) {
        return;
    }
    pcapng_close(ring->file, NULL, NULL);
    for (gsize i = 0; i < ring->options.n_names; i++) {
        g_free((char *)ring->options.names[i].name);
    }
    g_free((struct pcapng_name *)ring->options.names);
    g_free((char *)ring->options.name);
    g_free((char *)ring->options.description);
    g_free((char *)ring->options.comment);
    g_free((char *)ring->options.folder);
    g_free((char *)ring->options.stem);
    g_ptr_array_unref(ring->files);
    g_mutex_clear(&ring->lock);
    g_free(ring);
}

/* ---- others -------------------------------------------------------------------------------- */

void capture_ring_hold(struct capture_ring *ring, bool held)
{
    g_mutex_lock(&ring->lock);
    ring->holds = MAX(ring->holds + (held ? 1 : -1), 0);
    gint64 from = g_get_real_time() - HELD_BEFORE_US;
    for (guint i = 0; held && i < ring->files->len; i++) {
        struct net_capture_file *file = ring->files->pdata[i];
        file->held |= file->last_us >= from || i + 1 == ring->files->len;
    }
    g_mutex_unlock(&ring->lock);
}

void capture_ring_look(struct capture_ring *ring, struct net_capture_state *ret)
{
    g_mutex_lock(&ring->lock);
    const struct net_capture_file *file = newest(ring);
    ret->packets = ring->packets;
    ret->bytes = ring->bytes;
    ret->dropped = ring->dropped;
    ret->removed = ring->removed;
    ret->held_lost = ring->held_lost;
    ret->file = file ? g_strdup(file->name) : NULL;
    ret->offset = ring->offset;
    g_mutex_unlock(&ring->lock);
}

GPtrArray *capture_ring_files(struct capture_ring *ring)
{
    GPtrArray *files = g_ptr_array_new_with_free_func(net_capture_file_free);
    g_mutex_lock(&ring->lock);
    for (guint i = 0; i < ring->files->len; i++) {
        g_ptr_array_add(files, file_copy(ring->files->pdata[i]));
    }
    g_mutex_unlock(&ring->lock);
    return files;
}
