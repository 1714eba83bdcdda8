/*
 * load_echo.c - clients that each wait for their answer before they ask again
 *
 * Each client sends a ping of 64 bytes, a line unlike any other, and sends the
 * next when it has all of it back. "ready" is printed when all are greeted. It
 * ends after `measure_ms`, after `messages` of each client, or at SIGTERM, when
 * the answers that are due have come. Times of the first `warmup_ms` do not
 * count.
 *
 * With among=1 the server also sends the messages of a fan-out, which begin
 * with 0 where a ping begins with MARK; they are skipped.
 */
#include "crowd.h"
#include "histogram.h"
#include "load.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { PING = 64, MARK = 0xec, INBOX = 65536, EVENTS = 1024 };

static long connections = 100, inflight = 256, among, messages;
static long realtime, paused;
static long warmup_ms = 500, measure_ms;

static const struct setting settings[] = {
    {"connections", &connections},
    {"inflight", &inflight},
    {"among", &among},
    {"messages", &messages},
    {"realtime", &realtime}, /* 1: other processes of this core give way */
    {"paused", &paused},     /* 1: begin at SIGUSR1 */
    {"warmup_ms", &warmup_ms},
    {"measure_ms", &measure_ms},
    {NULL, NULL},
};

static struct client {
    uint64_t asked_at;
    unsigned asked; /* pings sent */
    unsigned back;  /* bytes of the last one that came back */
    unsigned skip;  /* bytes left of a message of the fan-out */
    bool due;       /* an answer is */
    bool greeted;
} clients[MOST_CLIENTS];

static struct crowd crowd;
static unsigned waiting; /* clients with an answer due */
static unsigned long echoes, bad, lost;
static uint64_t counts_from, ends_at;
static struct histogram latency;
static unsigned char inbox[INBOX];

/* A number as eight bytes, none of which ends a line. */
static void write_number(unsigned char *out, unsigned number)
{
    for (int i = 0; i < 8; i++)
        out[i] = (unsigned char)('a' + (number >> 4 * i & 15));
}

static void write_ping(unsigned char *ping, unsigned number)
{
    memset(ping, MARK, PING);
    write_number(ping + 4, number);
    write_number(ping + 12, clients[number].asked);
    ping[PING - 1] = '\n';
}

static bool may_ask(uint64_t time)
{
    return !load_stopping() && !load_paused() &&
           (measure_ms == 0 || time < ends_at);
}

static void ask(unsigned number, uint64_t time)
{
    struct client *client = &clients[number];
    unsigned char ping[PING];

    if (!may_ask(time) || (messages > 0 && client->asked == (unsigned)messages))
        return;
    client->asked++;
    client->asked_at = time;
    client->back = 0;
    client->due = true;
    waiting++;
    write_ping(ping, number);
    if (send(crowd.fds[number], ping, PING, MSG_NOSIGNAL) != PING)
        bad++;
}

static void answered(unsigned number)
{
    uint64_t time = now();

    echoes++;
    waiting--;
    clients[number].due = false;
    if (clients[number].asked_at >= counts_from)
        histogram_add(&latency, time - clients[number].asked_at);
    ask(number, time);
}

static size_t take_echo(unsigned number, const unsigned char *bytes,
                        size_t length)
{
    struct client *client = &clients[number];
    size_t part = PING - client->back < length ? PING - client->back : length;
    unsigned char ping[PING];

    write_ping(ping, number);
    bad += memcmp(bytes, ping + client->back, part) != 0;
    client->back += (unsigned)part;
    if (client->back == PING)
        answered(number);
    return part;
}

static size_t take_other(struct client *client, size_t length)
{
    size_t part = client->skip < length ? client->skip : length;

    client->skip -= (unsigned)part;
    return part;
}

/* Between two messages, and only there, a 0 begins one of the fan-out. */
static bool begins_other(const struct client *client, unsigned char byte)
{
    return among && byte == 0 && (!client->due || client->back == 0);
}

static void take(unsigned number, const unsigned char *bytes, size_t length)
{
    struct client *client = &clients[number];

    while (length > 0) {
        size_t part;

        if (client->skip == 0 && begins_other(client, bytes[0]))
            client->skip = MESSAGE;
        if (client->skip == 0 && !client->due) {
            bad++;
            return;
        }
        part = client->skip > 0 ? take_other(client, length)
                                : take_echo(number, bytes, length);
        bytes += part;
        length -= part;
    }
}

static void apply_to_conn(unsigned number)
{
    unsigned char greeting;
    ssize_t length = recv(crowd.fds[number], &greeting, GREETING, 0);

    if (length != GREETING)
        return;
    bad += greeting != 1;
    clients[number].greeted = true;
    crowd.greeted++;
}

static void leave(unsigned number)
{
    lost += clients[number].due;
    waiting -= clients[number].due;
    crowd.greeted += !clients[number].greeted;
    crowd_leave(&crowd, number);
}

static void receive(unsigned number, bool ended)
{
    ssize_t length;

    if (!clients[number].greeted)
        apply_to_conn(number);
    do {
        length = recv(crowd.fds[number], inbox, sizeof inbox, 0);
        if (length > 0)
            take(number, inbox, (size_t)length);
    } while (length == sizeof inbox || (ended && length > 0));

    if (length == 0 || (length < 0 && errno != EAGAIN))
        leave(number);
}

static void begin(void)
{
    counts_from = now() + (uint64_t)warmup_ms * 1000000;
    ends_at = counts_from + (uint64_t)measure_ms * 1000000;
    printf("ready\n");
}

static void ask_all(void)
{
    uint64_t time = now();

    for (unsigned i = 0; i < crowd.wanted; i++)
        if (crowd.fds[i] >= 0)
            ask(i, time);
}

/* Nothing is under way, nor will be. */
static bool over(void)
{
    return waiting == 0 &&
           (load_stopping() || !crowd_is_out(&crowd) ||
            (measure_ms > 0 && now() >= ends_at) ||
            (messages > 0 && echoes >= (unsigned long)messages * crowd.wanted));
}

/* The first to run on this core whenever there is an answer to take. */
static void take_precedence(void)
{
    struct sched_param first = {.sched_priority = 1};

    if (realtime && sched_setscheduler(0, SCHED_FIFO, &first) != 0)
        fprintf(stderr, "echo: no realtime priority, times are noisier\n");
}

static void serve_events(void)
{
    static struct epoll_event events[EVENTS];
    int count = crowd_wait(&crowd, events, EVENTS, waiting > 0 ? 100 : 1);

    for (int i = 0; i < count; i++)
        receive(events[i].data.u32,
                events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR));
}

void load_echo(int port, char **arguments)
{
    settings_read(settings, arguments);
    take_precedence();
    if (paused)
        load_pause();
    crowd_init(&crowd, port, connections, inflight);

    while (crowd.greeted < crowd.wanted && !load_stopping()) {
        crowd_fill(&crowd);
        serve_events();
    }
    begin();
    while (!over()) {
        if (waiting == 0)
            ask_all();
        serve_events();
    }

    printf("echoed clients=%u messages=%lu bad=%lu lost=%lu", crowd.wanted,
           echoes, bad, lost);
    histogram_print(&latency, "latency");
    printf("\n");
}
