/* frames.c - Ethernet frames of several cards over one stream, both ways, without ever blocking. */
#include "base/frames.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HELLO 255

static bool unblock(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

static bool is_for_later(void)
{
    return errno == EAGAIN || errno == EINTR;
}

bool frames_begin(struct frames *frames, int port, const int *cards, int n, bool hello)
{
    static const uint8_t word[FRAMES_HEAD] = {HELLO, 0, 0, 0};
    bool ok = unblock(port);
    for (int i = 0; i < n; i++) {
        ok = ok && unblock(cards[i]);
    }
    frames->port = port;
    frames->cards = cards;
    frames->n = n;
    frames->ready = false;
    frames->in_length = 0;
    frames->out_length = hello ? sizeof(word) : 0;
    memcpy(frames->out, word, frames->out_length);
    return ok;
}

static bool has_room(const struct frames *frames)
{
    return sizeof(frames->out) - frames->out_length > FRAMES_HEAD + FRAMES_MAX;
}

void frames_await(const struct frames *frames, struct pollfd *ret)
{
    short full = frames->out_length > 0 ? POLLOUT : 0;
    ret[0] = (struct pollfd){.fd = frames->port, .events = (short)(POLLIN | full)};
    for (int i = 0; i < frames->n; i++) {
        int fd = has_room(frames) ? frames->cards[i] : -1;
        ret[i + 1] = (struct pollfd){.fd = fd, .events = POLLIN};
    }
}

/* ---- to the stream --------------------------------------------------------------------------- */

static ssize_t put(int fd, const uint8_t *bytes, size_t length)
{
    ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);
    return n < 0 && errno == ENOTSOCK ? write(fd, bytes, length) : n;
}

static bool flush(struct frames *frames)
{
    if (frames->out_length == 0) {
        return true;
    }
    ssize_t n = put(frames->port, frames->out, frames->out_length);
    if (n < 0) {
        return is_for_later();
    }
    frames->out_length -= (size_t)n;
    memmove(frames->out, frames->out + n, frames->out_length);
    return true;
}

/* One frame of that card; there is room for it and one byte more, which shows that it is too long. */
static void take_card(struct frames *frames, int card)
{
    uint8_t *head = frames->out + frames->out_length;
    ssize_t n = read(frames->cards[card], head + FRAMES_HEAD, FRAMES_MAX + 1);
    if (n <= 0 || n > FRAMES_MAX) {
        return; /* one that is down has nothing to say */
    }
    head[0] = (uint8_t)card;
    head[1] = 0;
    head[2] = (uint8_t)(n >> 8);
    head[3] = (uint8_t)n;
    frames->out_length += FRAMES_HEAD + (size_t)n;
}

/* ---- from the stream ------------------------------------------------------------------------- */

/* Every whole message; what is left begins the buffer. */
static bool take_messages(struct frames *frames)
{
    size_t at = 0;
    while (frames->in_length - at >= FRAMES_HEAD) {
        const uint8_t *head = frames->in + at;
        size_t size = (size_t)head[2] << 8 | head[3];
        if (size > FRAMES_MAX || (head[0] >= frames->n && head[0] != HELLO)) {
            return false;
        }
        if (frames->in_length - at - FRAMES_HEAD < size) {
            break;
        }
        if (head[0] == HELLO) {
            frames->ready = true;
        } else {
            /* a frame that the card does not take is lost, as in any network */
            ssize_t ignored = write(frames->cards[head[0]], head + FRAMES_HEAD, size);
            (void)ignored;
        }
        at += FRAMES_HEAD + size;
    }
    frames->in_length -= at;
    memmove(frames->in, frames->in + at, frames->in_length);
    return true;
}

static bool take_port(struct frames *frames)
{
    ssize_t n = read(
            frames->port, frames->in + frames->in_length, sizeof(frames->in) - frames->in_length);
    if (n <= 0) {
        return n < 0 && is_for_later();
    }
    frames->in_length += (size_t)n;
    return take_messages(frames);
}

bool frames_carry(struct frames *frames, const struct pollfd *polled)
{
    short port = polled[0].revents;
    if ((port & POLLIN) ? !take_port(frames) : (port & (POLLHUP | POLLERR | POLLNVAL))) {
        return false;
    }
    for (int i = 0; i < frames->n; i++) {
        if (polled[i + 1].fd >= 0 && polled[i + 1].revents && has_room(frames)) {
            take_card(frames, i);
        }
    }
    return flush(frames);
}
