/* frames.h - Ethernet frames of several cards over one stream, both ways, without ever blocking.
 *
 * Used by both ends of a foot's port: the engine (world_real_foot.c) and the program in the foot
 * (images/guest/foot.c), so it is plain C. On the stream a frame is {card, 0, length (2 bytes,
 * big-endian), frame}, and {255, 0, 0, 0} says that the other end is ready.
 *
 * What comes from the stream is always read, whether or not anything can be sent: two ends that
 * both wait for room would wait for ever. Frames that a card does not take are lost, as in any
 * network. While there is no room for another frame towards the stream, none is read from the
 * cards, and the kernel drops what their queues do not hold.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAMES_CARDS 24
#define FRAMES_HEAD 4
#define FRAMES_MAX 9216         /* bytes of a frame */
#define FRAMES_ROOM (64 * 1024) /* bytes on their way to the stream */

struct frames {
    int port;         /* the stream */
    const int *cards; /* n descriptors, a frame a read and a write */
    int n;
    bool ready; /* the other end has said so */
    uint8_t in[FRAMES_HEAD + FRAMES_MAX];
    size_t in_length;
    uint8_t out[FRAMES_ROOM];
    size_t out_length;
};

/* port and cards stay the caller's and become non-blocking. hello: tell the other end that we are
 * ready. False: errno. */
bool frames_begin(struct frames *frames, int port, const int *cards, int n, bool hello);

/* What to poll for: the port, then the cards; n + 1 entries. */
void frames_await(const struct frames *frames, struct pollfd *ret);

/* After poll(). False: the stream has ended, or what came from it is none of our messages. */
bool frames_carry(struct frames *frames, const struct pollfd *polled);
