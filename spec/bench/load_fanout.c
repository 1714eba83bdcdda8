/*
 * load_fanout.c - receivers that look at every byte
 *
 * `connections` clients read what the server sends to all until it ends the
 * streams. "ready" is printed when all are greeted. Then, once each of them has
 * had something, `joiners` more come, as fast as the server lets them in.
 *
 * With stamp=1 bytes 8 to 15 of a message are the time at which it was made;
 * then the latency of each message at each client is taken, and the spread:
 * from the first client that has a message to the last one. For `warmup_ms`
 * from the first message on nothing is taken.
 */
#include "crowd.h"
#include "histogram.h"
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { INBOX = 65536, EVENTS = 1024, FLIGHTS = 65536 };
enum { STAMP = 8, STAMP_END = 16 };

static long connections = 100, joiners, inflight = 256, stamp;
static long warmup_ms = 500, nap_us;

static const struct setting settings[] = {
    {"connections", &connections},
    {"joiners", &joiners},
    {"inflight", &inflight}, /* clients that are not greeted yet */
    {"stamp", &stamp},
    {"warmup_ms", &warmup_ms},
    {"nap_us", &nap_us}, /* rest between two sweeps over those who have data */
    {NULL, NULL},
};

static struct client {
    uint64_t bytes;
    unsigned char stamp[STAMP_END - STAMP];
} clients[MOST_CLIENTS];

/* A message on its way: when it reached the first client, and how many. */
static struct flight {
    uint64_t first;
    unsigned arrivals;
} flights[FLIGHTS];

static struct crowd crowd;
static unsigned streaming; /* clients that have had more than the greeting */
static bool joining;
static unsigned long bad, resets;
static uint64_t join_began, counts_from;
static double join_took;
static struct histogram latency, spread;

static unsigned char inbox[INBOX];
static unsigned char expected[INBOX + MESSAGE];

static void land(const struct client *client, uint64_t time)
{
    struct flight *flight = &flights[client->bytes / MESSAGE % FLIGHTS];
    uint64_t made;

    memcpy(&made, client->stamp, sizeof made);
    if (counts_from == 0)
        counts_from = made + (uint64_t)warmup_ms * 1000000;
    if (flight->arrivals == 0)
        flight->first = time;
    flight->arrivals++;
    if (made >= counts_from)
        histogram_add(&latency, time - made);
    if (flight->arrivals == (unsigned)connections) {
        if (made >= counts_from)
            histogram_add(&spread, time - flight->first);
        flight->arrivals = 0;
    }
}

/* Take the bytes of a message from `at` on up to where its next part begins. */
static size_t take_part(struct client *client, size_t at,
                        const unsigned char *bytes, size_t length)
{
    bool stamped = at >= STAMP && at < STAMP_END;
    size_t end = at < STAMP ? STAMP : stamped ? STAMP_END : MESSAGE;
    size_t part = end - at < length ? end - at : length;

    if (stamped)
        memcpy(client->stamp + at - STAMP, bytes, part);
    else
        bad += memcmp(bytes, expected + at, part) != 0;
    return part;
}

static void take_stamped(struct client *client, const unsigned char *bytes,
                         size_t length)
{
    uint64_t time = now();

    while (length > 0) {
        size_t at = (client->bytes - GREETING) % MESSAGE;
        size_t part = take_part(client, at, bytes, length);

        client->bytes += part;
        bytes += part;
        length -= part;
        if (at + part == MESSAGE)
            land(client, time);
    }
}

static void take_plain(struct client *client, const unsigned char *bytes,
                       size_t length)
{
    size_t at = (client->bytes - GREETING) % MESSAGE;

    bad += memcmp(bytes, expected + at, length) != 0;
    client->bytes += length;
}

static void take(struct client *client, const unsigned char *bytes,
                 size_t length)
{
    if (client->bytes == 0) {
        bad += bytes[0] != 1;
        client->bytes = GREETING;
        crowd.greeted++;
        bytes++;
        length--;
    }
    if (length > 0) {
        streaming += client->bytes == GREETING;
        (stamp ? take_stamped : take_plain)(client, bytes, length);
    }
}

static void leave(unsigned number)
{
    resets += errno != 0;
    if (clients[number].bytes == 0)
        crowd.greeted++;
    crowd_leave(&crowd, number);
}

/* See floor.c: a short read empties the socket, an end makes no new edge. */
static void receive(unsigned number, bool ended)
{
    ssize_t length;

    do {
        length = recv(crowd.fds[number], inbox, sizeof inbox, 0);
        if (length > 0)
            take(&clients[number], inbox, (size_t)length);
    } while (length == sizeof inbox || (ended && length > 0));

    if (length == 0)
        errno = 0;
    if (length == 0 || (length < 0 && errno != EAGAIN))
        leave(number);
}

static void let_join(void)
{
    if (joining || joiners == 0 || streaming < crowd.wanted)
        return;
    joining = true;
    join_began = now();
    crowd.wanted += (unsigned)joiners;
}

/* All are let in: that is when those who join have joined. */
static void announce_greeted(void)
{
    if (crowd.greeted < crowd.wanted)
        return;
    if (joining)
        join_took = (double)(now() - join_began) / 1e9;
    else
        printf("ready\n");
}

/* But it is told when all have had a message, so that none ends with none. */
static void announce_streaming(void)
{
    if (joining && streaming == crowd.wanted)
        printf("joined clients=%ld seconds=%.6f\n", joiners, join_took);
}

static void print_received(void)
{
    uint64_t least = UINT64_MAX, most = 0;

    for (unsigned i = 0; i < crowd.wanted; i++) {
        uint64_t bytes = clients[i].bytes;

        least = bytes < least ? bytes : least;
        most = bytes > most ? bytes : most;
    }
    printf("received clients=%u refused=%u resets=%lu bad=%lu least=%lu "
           "most=%lu",
           crowd.wanted, crowd.refused, resets, bad, least, most);
    if (stamp) {
        histogram_print(&latency, "latency");
        histogram_print(&spread, "spread");
    }
    printf("\n");
}

void load_fanout(int port, char **arguments)
{
    static struct epoll_event events[EVENTS];

    settings_read(settings, arguments);
    for (unsigned i = 0; i <= INBOX / MESSAGE; i++)
        message_write(expected + (size_t)i * MESSAGE);
    crowd_init(&crowd, port, connections, inflight);

    while (crowd_is_out(&crowd) && !load_stopping()) {
        unsigned greeted = crowd.greeted, had = streaming;

        crowd_fill(&crowd);
        for (int i = crowd_wait(&crowd, events, EVENTS, -1); i-- > 0;)
            receive(events[i].data.u32,
                    events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR));
        if (crowd.greeted > greeted)
            announce_greeted();
        if (streaming > had)
            announce_streaming();
        let_join();
        nap(nap_us);
    }
    print_received();
}
