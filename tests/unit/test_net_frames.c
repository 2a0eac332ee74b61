/* test_net_frames.c - frames over a stream: whole, in order, and never a standstill. */
#include "support/test.h"

#include "base/frames.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CARDS 2
#define LIMIT_US (20 * G_USEC_PER_SEC)

struct end { /* one side: its cards are pairs, and here is the other half of each */
    struct frames frames;
    int cards[CARDS], outside[CARDS];
};

static void end_open(struct end *end, int port, bool hello)
{
    for (int i = 0; i < CARDS; i++) {
        int pair[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
        end->cards[i] = pair[0];
        end->outside[i] = pair[1];
        assert_int_equal(fcntl(pair[1], F_SETFL, O_NONBLOCK), 0);
    }
    assert_true(frames_begin(&end->frames, port, end->cards, CARDS, hello));
}

static void end_close(struct end *end)
{
    for (int i = 0; i < CARDS; i++) {
        close(end->cards[i]);
        close(end->outside[i]);
    }
    close(end->frames.port);
}

/* One turn, without waiting. */
static bool turn(struct end *end)
{
    struct pollfd wait[CARDS + 1];
    frames_await(&end->frames, wait);
    assert_true(poll(wait, CARDS + 1, 0) >= 0);
    return frames_carry(&end->frames, wait);
}

static void open_both(struct end *a, struct end *b)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    end_open(a, pair[0], false);
    end_open(b, pair[1], true);
}

static ssize_t take(struct end *to, int card, guint8 *ret)
{
    ssize_t n = recv(to->outside[card], ret, FRAMES_MAX, 0);
    return n < 0 && errno == EAGAIN ? 0 : n;
}

static void frames_come_out_of_the_card_that_they_went_into(void **state)
{
    (void)state;
    g_autofree struct end *a = g_new0(struct end, 1);
    g_autofree struct end *b = g_new0(struct end, 1);
    g_autofree guint8 *got = g_malloc(FRAMES_MAX);
    open_both(a, b);
    for (int size = 1; size <= FRAMES_MAX; size = size * 7 + 1) {
        g_autofree guint8 *frame = g_malloc((gsize)size);
        memset(frame, size & 255, (gsize)size);
        assert_int_equal(send(a->outside[1], frame, (gsize)size, 0), size);
        ssize_t n = 0;
        for (int i = 0; i < 100 && n == 0; i++) {
            assert_true(turn(a) && turn(b));
            n = take(b, 1, got);
        }
        assert_int_equal(n, size);
        assert_memory_equal(got, frame, (gsize)size);
        assert_int_equal(take(b, 0, got), 0);
    }
    assert_true(a->frames.ready); /* the other end said so */
    assert_false(b->frames.ready);
    end_close(a);
    end_close(b);
}

/* As many as the card's queue takes, each with a number of its own. */
static guint32 flood(struct end *end, int card, guint32 number)
{
    guint8 frame[1500] = {0};
    for (;;) {
        memcpy(frame, &number, sizeof(number));
        if (send(end->outside[card], frame, sizeof(frame), MSG_DONTWAIT) < 0) {
            assert_int_equal(errno, EAGAIN);
            return number;
        }
        number++;
    }
}

static guint32 drain(struct end *end, int card, guint32 last)
{
    g_autofree guint8 *frame = g_malloc(FRAMES_MAX);
    for (ssize_t n = 0; (n = take(end, card, frame)) > 0;) {
        guint32 number = 0;
        assert_int_equal(n, 1500);
        memcpy(&number, frame, sizeof(number));
        assert_true(number > last); /* in order, each once; some may be lost */
        last = number;
    }
    return last;
}

/* Both ends have more to send than all buffers hold, and neither's cards are read: at the old ends
 * each waited for room at the other. */
static void a_flood_both_ways_is_no_standstill(void **state)
{
    (void)state;
    g_autofree struct end *a = g_new0(struct end, 1);
    g_autofree struct end *b = g_new0(struct end, 1);
    open_both(a, b);
    guint32 sent[2] = {1, 1};
    guint32 got[2] = {0, 0};
    for (int i = 0; i < 2000; i++) {
        sent[0] = flood(a, 0, sent[0]);
        sent[1] = flood(b, 0, sent[1]);
        assert_true(turn(a) && turn(b));
    }
    assert_true(sent[0] > 1000 && sent[1] > 1000); /* more than all the buffers */
    got[0] = drain(b, 0, 0);
    got[1] = drain(a, 0, 0);
    assert_true(got[0] > 0 && got[1] > 0);
    /* and afterwards what is sent arrives */
    gint64 end_us = g_get_monotonic_time() + LIMIT_US;
    guint32 goal[2] = {sent[0], sent[1]};
    while ((got[0] < goal[0] || got[1] < goal[1]) && g_get_monotonic_time() < end_us) {
        sent[0] = flood(a, 0, sent[0]);
        sent[1] = flood(b, 0, sent[1]);
        assert_true(turn(a) && turn(b));
        got[0] = drain(b, 0, got[0]);
        got[1] = drain(a, 0, got[1]);
    }
    assert_true(got[0] >= goal[0] && got[1] >= goal[1]);
    end_close(a);
    end_close(b);
}

/* What it has for us is still taken, and what we have for it stays bounded. */
static void an_end_that_never_reads_keeps_nobody_from_reading(void **state)
{
    (void)state;
    g_autofree struct end *a = g_new0(struct end, 1);
    guint8 frame[FRAMES_HEAD + 60] = {0, 0, 0, 60};
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    end_open(a, pair[0], false);
    int taken = 0;
    for (int i = 0; i < 20000; i++) {
        (void)flood(a, 1, 1);
        taken += send(pair[1], frame, sizeof(frame), MSG_DONTWAIT) == sizeof(frame);
        assert_true(turn(a));
    }
    assert_int_equal(taken, 20000);
    end_close(a);
    close(pair[1]);
}

static void what_is_no_message_ends_the_stream(void **state)
{
    (void)state;
    static const guint8 wrong[][FRAMES_HEAD] = {
            {CARDS, 0, 0, 1}, {0, 0, 0xff, 0xff}, {254, 0, 0, 0}};
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree struct end *a = g_new0(struct end, 1);
        int pair[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        end_open(a, pair[0], false);
        assert_true(turn(a));
        assert_int_equal(send(pair[1], wrong[i], FRAMES_HEAD, 0), FRAMES_HEAD);
        assert_false(turn(a));
        end_close(a);
        close(pair[1]);
    }
}

static void the_end_of_the_stream_is_told(void **state)
{
    (void)state;
    g_autofree struct end *a = g_new0(struct end, 1);
    g_autofree struct end *b = g_new0(struct end, 1);
    open_both(a, b);
    assert_true(turn(a));
    end_close(b);
    assert_false(turn(a));
    end_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(frames_come_out_of_the_card_that_they_went_into),
            cmocka_unit_test(a_flood_both_ways_is_no_standstill),
            cmocka_unit_test(an_end_that_never_reads_keeps_nobody_from_reading),
            cmocka_unit_test(what_is_no_message_ends_the_stream),
            cmocka_unit_test(the_end_of_the_stream_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
