/* net.c - the queue of batches: sent in chunks, answered by sequence number, on the main loop.
 *
 * rtnetlink works on a datagram of requests in order and before sendmsg(2) returns, so a later
 * request can count on an earlier one, over two sockets too. A chunk is small enough for all its
 * replies to fit in the socket's buffer.
 */
#include "net/net_internal.h"

#include "base/error.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK 64                  /* requests sent before their replies are read */
#define FIRST_INDEX 0x10000       /* above what the kernel counts up to */
#define BUFFER ((gsize)64 * 1024) /* the kernel sends dumps in datagrams of at most 32 KiB */

struct job {
    struct net_batch *batch; /* NULL: a dump of counters */
    guint next;              /* first op not yet sent */
    bool sent;               /* a dump's request */
    GArray *counters;
    GError *error;
    net_done_fn done;
    net_counters_fn counters_done;
    gpointer data;
};

struct loop_source {
    GSource base;
    struct net *net;
};

static void waiting_free(gpointer data)
{
    struct net_waiting *waiting = data;
    g_free(waiting->what);
    g_free(waiting);
}

static void counters_clear(gpointer data)
{
    g_free(((struct net_counters *)data)->name);
}

static void job_free(struct job *job)
{
    net_batch_free(job->batch);
    g_clear_pointer(&job->counters, g_array_unref);
    g_clear_error(&job->error);
    g_free(job);
}

static void channel_free(gpointer data)
{
    net_channel_free(data);
}

static void send_chunk(struct net *net, struct job *job)
{
    if (!job->batch) {
        net_request_dump(net);
        job->sent = true;
    }
    bool ok = true;
    if (job->batch && job->next == 0) {
        net_request_spaces(net, job->batch);
    }
    while (ok && job->batch && job->next < job->batch->ops->len && net->put < CHUNK) {
        ok = net_request_op(net, job->batch->ops->pdata[job->next++], &job->error);
    }
    net_request_flush(net, job->error ? NULL : &job->error);
}

/* ---- receiving --------------------------------------------------------------------------------
 */

static void take_verdict(struct net *net, struct job *job, const struct nlmsghdr *header)
{
    struct net_waiting *waiting =
            g_hash_table_lookup(net->waiting, GUINT_TO_POINTER(header->nlmsg_seq));
    if (!waiting) {
        return;
    }
    g_autofree char *text = NULL;
    int code = net_reply_error(header, &text);
    if (code != 0 && code != waiting->excused && !job->error) {
        g_set_error(&job->error, SANDTABLE_ERROR, SANDTABLE_ERROR_NETWORK, "%s: %s%s%s%s",
                waiting->what, g_strerror(code), text ? " (" : "", text ? text : "",
                text ? ")" : "");
    }
    g_hash_table_remove(net->waiting, GUINT_TO_POINTER(header->nlmsg_seq));
}

static void take_message(struct net *net, struct job *job, const struct nlmsghdr *header)
{
    if (header->nlmsg_type == NLMSG_ERROR) {
        take_verdict(net, job, header);
    } else if (header->nlmsg_type == NLMSG_DONE) {
        g_hash_table_remove(net->waiting, GUINT_TO_POINTER(header->nlmsg_seq));
    } else if (header->nlmsg_type == RTM_NEWLINK && job->counters) {
        net_reply_counters(header, job->counters);
    }
}

/* Reads all that has come on channel. */
static void drain(struct net *net, struct job *job, struct net_channel *channel)
{
    while (g_hash_table_size(net->waiting) > 0) {
        GError *lost = NULL;
        gssize n = net_channel_read(channel, net->buffer, BUFFER, &lost);
        if (n < 0) {
            /* which requests went through is unknown: the job ends here */
            g_hash_table_remove_all(net->waiting);
            g_clear_error(&job->error);
            job->error = lost;
        }
        if (n <= 0) {
            return;
        }
        int left = (int)n;
        for (struct nlmsghdr *header = (struct nlmsghdr *)(void *)net->buffer;
                nlmsg_ok(header, left); header = nlmsg_next(header, &left)) {
            take_message(net, job, header);
        }
    }
}

/* ---- the queue --------------------------------------------------------------------------------
 */

/* Sockets of other namespaces would keep these alive. */
static void close_spaces(struct net *net)
{
    while (net->channels->len > 1) {
        struct net_channel *channel = net->channels->pdata[net->channels->len - 1];
        g_source_remove_unix_fd(net->source, channel->tag);
        g_ptr_array_set_size(net->channels, (int)net->channels->len - 1);
    }
}

static void finish(struct net *net, struct job *job)
{
    (void)g_queue_pop_head(&net->jobs);
    close_spaces(net);
    if (job->error) {
        g_hash_table_remove_all(net->indices);
    }
    if (job->done) {
        job->done(job->error, job->data);
    }
    if (job->counters_done) {
        job->counters_done(job->error ? NULL : job->counters, job->error, job->data);
    }
    job_free(job);
}

static bool all_sent(const struct job *job)
{
    return job->error || (job->batch ? job->next == job->batch->ops->len : job->sent);
}

/* One step of the head job: a chunk, or what has come; callbacks happen here. */
static void step(struct net *net)
{
    struct job *job = g_queue_peek_head(&net->jobs);
    if (!job) {
        /* what came for a job that ended early; left unread it would wake the loop for ever */
        while (net_channel_read(net->channels->pdata[0], net->buffer, BUFFER, NULL) != 0) {
        }
        return;
    }
    if (g_hash_table_size(net->waiting) == 0 && !all_sent(job)) {
        send_chunk(net, job);
    }
    for (guint i = 0; i < net->channels->len; i++) {
        struct net_channel *channel = net->channels->pdata[i];
        if (channel->asked) {
            drain(net, job, channel);
            channel->asked = g_hash_table_size(net->waiting) > 0;
        }
    }
    if (g_hash_table_size(net->waiting) == 0 && all_sent(job)) {
        finish(net, job);
    }
}

static void unref(struct net *net)
{
    if (--net->refs > 0) {
        return;
    }
    g_hash_table_unref(net->indices);
    g_hash_table_unref(net->waiting);
    g_ptr_array_unref(net->channels);
    if (net->ioctl_fd >= 0) {
        close(net->ioctl_fd);
    }
    g_free(net->buffer);
    g_free(net);
}

/* Has the loop call again at once while there is something to send. */
static void arm(struct net *net)
{
    bool work =
            !net->closed && !g_queue_is_empty(&net->jobs) && g_hash_table_size(net->waiting) == 0;
    if (!net->closed) {
        g_source_set_ready_time(net->source, work ? 0 : -1);
    }
}

static gboolean dispatch(GSource *source, GSourceFunc fn, gpointer data)
{
    (void)fn;
    (void)data;
    struct net *net = ((struct loop_source *)source)->net;
    net->refs++;
    step(net);
    arm(net);
    unref(net);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_functions = {.dispatch = dispatch};

/* Beyond every index in use, so that ours can be chosen before the kernel is asked. */
static int first_free_index(void)
{
    int first = FIRST_INDEX;
    struct if_nameindex *all = if_nameindex();
    for (const struct if_nameindex *one = all; one && one->if_index; one++) {
        first = MAX(first, (int)one->if_index + 1);
    }
    if (all) {
        if_freenameindex(all);
    }
    return first;
}

struct net *net_open(GMainContext *context, GError **error)
{
    struct net_channel *own = net_channel_open(error);
    if (!own) {
        return NULL;
    }
    struct net *net = g_new0(struct net, 1);
    net->refs = 1;
    net->ioctl_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    net->next_index = first_free_index();
    net->indices = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    net->waiting = g_hash_table_new_full(NULL, NULL, NULL, waiting_free);
    net->channels = g_ptr_array_new_with_free_func(channel_free);
    g_ptr_array_add(net->channels, own);
    net->buffer = g_malloc(BUFFER);
    g_queue_init(&net->jobs);
    net->source = g_source_new(&source_functions, sizeof(struct loop_source));
    ((struct loop_source *)net->source)->net = net;
    g_source_set_static_name(net->source, "net");
    own->tag = g_source_add_unix_fd(net->source, net_channel_fd(own), G_IO_IN);
    g_source_attach(net->source, context);
    return net;
}

void net_close(struct net *net)
{
    if (!net || net->closed) {
        return;
    }
    net->closed = true;
    g_hash_table_remove_all(net->waiting);
    while (!g_queue_is_empty(&net->jobs)) {
        struct job *job = g_queue_peek_head(&net->jobs);
        if (!job->error) {
            g_set_error(&job->error, SANDTABLE_ERROR, SANDTABLE_ERROR_CANCELLED,
                    "the network was closed");
        }
        finish(net, job);
    }
    g_source_destroy(net->source);
    g_source_unref(net->source);
    unref(net);
}

static void enqueue(struct net *net, struct job *job)
{
    g_queue_push_tail(&net->jobs, job);
    arm(net);
}

void net_submit(struct net *net, struct net_batch *batch, net_done_fn done, gpointer data)
{
    struct job *job = g_new0(struct job, 1);
    job->batch = batch;
    job->done = done;
    job->data = data;
    enqueue(net, job);
}

void net_read_counters(struct net *net, net_counters_fn done, gpointer data)
{
    struct job *job = g_new0(struct job, 1);
    job->counters = g_array_new(FALSE, FALSE, sizeof(struct net_counters));
    g_array_set_clear_func(job->counters, counters_clear);
    job->counters_done = done;
    job->data = data;
    enqueue(net, job);
}

struct applied {
    bool done;
    GError *error;
};

static void on_applied(const GError *error, gpointer data)
{
    struct applied *applied = data;
    applied->done = true;
    applied->error = error ? g_error_copy(error) : NULL;
}

/* Until any channel has something to read. */
static void wait_readable(const struct net *net)
{
    g_autofree struct pollfd *fds = g_new0(struct pollfd, net->channels->len);
    for (guint i = 0; i < net->channels->len; i++) {
        fds[i].fd = net_channel_fd(net->channels->pdata[i]);
        fds[i].events = POLLIN;
    }
    (void)poll(fds, net->channels->len, -1);
}

bool net_apply(struct net *net, struct net_batch *batch, GError **error)
{
    struct applied applied = {0};
    net->refs++;
    net_submit(net, batch, on_applied, &applied);
    while (!applied.done) {
        step(net);
        if (!applied.done && g_hash_table_size(net->waiting) > 0) {
            wait_readable(net);
        }
    }
    arm(net);
    unref(net);
    if (applied.error) {
        g_propagate_error(error, applied.error);
        return false;
    }
    return true;
}
