/* check_mailbox.c - hands items from one thread to the main loop of another, in order. */
#include "check/check_internal.h"

#include "base/error.h"

#include <errno.h>
#include <glib-unix.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* pthread's mutex, not GLib's: the thread sanitizer follows it through an uninstrumented GLib */
struct check_mailbox {
    pthread_mutex_t lock;
    GQueue items;
    int bell;
    GSource *source;
    check_mail_fn fn;
    gpointer data;
};

gpointer check_mailbox_take(struct check_mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    gpointer item = g_queue_pop_head(&mailbox->items);
    pthread_mutex_unlock(&mailbox->lock);
    return item;
}

static gboolean on_bell(gint fd, G_GNUC_UNUSED GIOCondition condition, gpointer data)
{
    struct check_mailbox *mailbox = data;
    guint64 rung;
    if (read(fd, &rung, sizeof(rung)) < 0 && errno != EAGAIN && errno != EINTR) {
        return G_SOURCE_REMOVE;
    }
    gpointer item;
    while ((item = check_mailbox_take(mailbox))) {
        mailbox->fn(item, mailbox->data);
    }
    return G_SOURCE_CONTINUE;
}

struct check_mailbox *check_mailbox_new(
        GMainContext *context, check_mail_fn fn, gpointer data, GError **error)
{
    int bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (bell < 0) {
        g_set_error(error, SANDTABLE_ERROR, SANDTABLE_ERROR_HOST, "cannot make an eventfd: %s",
                g_strerror(errno));
        return NULL;
    }
    struct check_mailbox *mailbox = g_new0(struct check_mailbox, 1);
    pthread_mutex_init(&mailbox->lock, NULL);
    g_queue_init(&mailbox->items);
    mailbox->bell = bell;
    mailbox->fn = fn;
    mailbox->data = data;
    mailbox->source = g_unix_fd_source_new(bell, G_IO_IN);
    g_source_set_callback(mailbox->source, G_SOURCE_FUNC(on_bell), mailbox, NULL);
    g_source_attach(mailbox->source, context);
    return mailbox;
}

void check_mailbox_free(struct check_mailbox *mailbox)
{
    if (!mailbox) {
        return;
    }
    g_source_destroy(mailbox->source);
    g_source_unref(mailbox->source);
    close(mailbox->bell);
    pthread_mutex_destroy(&mailbox->lock);
    g_free(mailbox);
}

void check_mailbox_put(struct check_mailbox *mailbox, gpointer item)
{
    const guint64 one = 1;
    pthread_mutex_lock(&mailbox->lock);
    g_queue_push_tail(&mailbox->items, item);
    pthread_mutex_unlock(&mailbox->lock);
    while (write(mailbox->bell, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
}
