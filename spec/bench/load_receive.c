/*
 * load_receive.c - receivers of any server whose protocol we know
 *
 *     bench_load receive PORT PROTOCOL [NAME=NUMBER ...]
 *
 * "ready" is printed when all are in, and then one line whenever each of them
 * has had another `messages`:
 *
 *     round number=... latency_p50=...
 *
 * which says how long the messages of this round took, from the time that is
 * written in bytes 8 to 15 of each. With stalled=1 they read nothing once they
 * are in. It runs until the server has gone, or SIGTERM comes.
 */
#include "crowd.h"
#include "histogram.h"
#include "load.h"
#include "protocol.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { INBOX = 65536, EVENTS = 1024, LONGEST_FRAME = 512 };
enum { STAMP = 8, STAMP_END = 16 };

static long connections = 100, messages = 16, inflight = 128, stalled;
static long nap_us;

static const struct setting settings[] = {
    {"connections", &connections},
    {"messages", &messages}, /* in a round */
    {"inflight", &inflight}, /* clients that are not in yet */
    {"stalled", &stalled},
    {"nap_us", &nap_us}, /* rest between two sweeps over those who have data */
    {NULL, NULL},
};

static struct client {
    unsigned long messages;
    unsigned at;      /* bytes of the message that have come */
    unsigned skip;    /* bytes of the noise that have not */
    unsigned matched; /* of the greeting's end */
    bool said;        /* the hello */
    bool in;
    unsigned char stamp[STAMP_END - STAMP];
} clients[MOST_CLIENTS];

static const struct protocol *protocol;
static struct crowd crowd;
static unsigned through; /* clients that have had this round's messages */
static unsigned long rounds, bad;
static struct histogram latency;

static unsigned char inbox[INBOX];
static unsigned char frame[LONGEST_FRAME];
static size_t frame_length, stamp_from, stamp_to;

static void write_frame(void)
{
    size_t head = protocol->head.length, tail = protocol->tail.length;

    if (head > 0)
        memcpy(frame, protocol->head.at, head);
    message_write(frame + head);
    if (tail > 0)
        memcpy(frame + head + MESSAGE, protocol->tail.at, tail);
    frame_length = head + MESSAGE + tail;
    stamp_from = head + STAMP;
    stamp_to = head + STAMP_END;
}

static void say(unsigned number, struct bytes bytes)
{
    ssize_t length = (ssize_t)bytes.length;

    if (length > 0 &&
        send(crowd.fds[number], bytes.at, bytes.length, MSG_NOSIGNAL) != length)
        bad++;
}

static void end_round(void)
{
    printf("round number=%lu", ++rounds);
    histogram_print(&latency, "latency");
    printf("\n");
    memset(&latency, 0, sizeof latency);
    through = 0;
}

static void land(struct client *client, uint64_t time)
{
    uint64_t made;

    memcpy(&made, client->stamp, sizeof made);
    histogram_add(&latency, time - made);
    client->at = 0;
    client->messages++;
    if (client->messages % (unsigned long)messages == 0)
        through++;
    if (through == (unsigned)connections)
        end_round();
}

/* Bytes of a message, up to where its next part begins. */
static size_t take_part(struct client *client, const unsigned char *bytes,
                        size_t length)
{
    size_t at = client->at;
    bool stamped = at >= stamp_from && at < stamp_to;
    size_t end = at < stamp_from ? stamp_from
                 : stamped       ? stamp_to
                                 : frame_length;
    size_t part = end - at < length ? end - at : length;

    if (stamped)
        memcpy(client->stamp + at - stamp_from, bytes, part);
    else
        bad += memcmp(bytes, frame + at, part) != 0;
    client->at += (unsigned)part;
    return part;
}

static size_t take_noise(unsigned number, size_t length)
{
    struct client *client = &clients[number];
    size_t part = client->skip < length ? client->skip : length;

    client->skip -= (unsigned)part;
    if (client->skip == 0)
        say(number, protocol->answer);
    return part;
}

static bool begins_noise(const struct client *client, unsigned char byte)
{
    return protocol->noise.length > 0 && client->at == 0 &&
           byte == (unsigned char)protocol->noise.at[0] && byte != frame[0];
}

/* Bytes of the greeting, up to its end. */
static size_t take_greeting(struct client *client, const unsigned char *bytes,
                            size_t length)
{
    const struct bytes *end = &protocol->greeting;

    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != (unsigned char)end->at[client->matched])
            client->matched = 0;
        if (bytes[i] == (unsigned char)end->at[client->matched])
            client->matched++;
        if (client->matched == end->length) {
            client->in = true;
            crowd.greeted++;
            return i + 1;
        }
    }
    return length;
}

static void take(unsigned number, const unsigned char *bytes, size_t length)
{
    struct client *client = &clients[number];
    uint64_t time = now();

    while (length > 0) {
        size_t part;

        if (client->in && client->skip == 0 && begins_noise(client, bytes[0]))
            client->skip = (unsigned)protocol->noise.length;
        if (!client->in)
            part = take_greeting(client, bytes, length);
        else if (client->skip > 0)
            part = take_noise(number, length);
        else
            part = take_part(client, bytes, length);
        bytes += part;
        length -= part;
        if (client->at == frame_length)
            land(client, time);
    }
}

static void leave(unsigned number)
{
    crowd.greeted += !clients[number].in;
    crowd_leave(&crowd, number);
}

/* See load_fanout.c. A read that does not fill the inbox empties the socket. */
static void receive(unsigned number, bool ended)
{
    ssize_t length;

    do {
        length = recv(crowd.fds[number], inbox, sizeof inbox, 0);
        if (length > 0)
            take(number, inbox, (size_t)length);
    } while (length == sizeof inbox || (ended && length > 0));

    if (length == 0 || (length < 0 && errno != EAGAIN))
        leave(number);
}

static void serve(unsigned number, unsigned events)
{
    struct client *client = &clients[number];
    bool ended = events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);

    if (!client->said && !ended) {
        client->said = true;
        say(number, protocol->hello);
    }
    if (!stalled || !client->in || ended)
        receive(number, ended);
}

static void print_received(void)
{
    unsigned long least = ULONG_MAX, most = 0;

    for (unsigned i = 0; i < crowd.wanted; i++) {
        least = clients[i].messages < least ? clients[i].messages : least;
        most = clients[i].messages > most ? clients[i].messages : most;
    }
    printf("received clients=%u refused=%u gone=%u bad=%lu least=%lu "
           "most=%lu\n",
           crowd.wanted, crowd.refused, crowd.gone, bad, least, most);
}

void load_receive(int port, char **arguments)
{
    static struct epoll_event events[EVENTS];
    bool ready = false;

    protocol = protocol_find(*arguments);
    settings_read(settings, arguments + 1);
    write_frame();
    crowd_init(&crowd, port, connections, inflight);
    crowd.also = EPOLLOUT;
    crowd.rcvbuf = stalled ? 1 : 0;

    while (crowd_is_out(&crowd) && !load_stopping()) {
        crowd_fill(&crowd);
        for (int i = crowd_wait(&crowd, events, EVENTS, -1); i-- > 0;)
            serve(events[i].data.u32, events[i].events);
        if (!ready && crowd.gone > 0)
            break; /* this server does not want us */
        if (!ready && crowd.greeted == crowd.wanted)
            printf("ready\n");
        ready = crowd.greeted == crowd.wanted;
        nap(nap_us);
    }
    print_received();
}
