/*
 * load_herd.c - very many clients that do one thing at the same time
 *
 * Each reads what comes, or with stalled=1 only the greeting. SIGUSR1 is the
 * word: then each sends its `lines`, or leaves, or those that were stalled
 * begin to read. After the greeting, what comes counts on from 0 to `period`
 * less 1, again and again; any other byte is bad. "arrived ..." is printed once
 * all have `bytes` bytes or more, "ended ..." at SIGTERM.
 */
#include "crowd.h"
#include "load.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { INBOX = 65536, EVENTS = 1024, LONGEST_PERIOD = 4096 };
enum { STAYS, CLOSES, RESETS };

static long connections = 100, inflight = 128, nap_us = 200, rcvbuf;
static long stalled, leave, lines, length = 20, bytes, period = MESSAGE, sip;

static const struct setting settings[] = {
    {"connections", &connections},
    {"inflight", &inflight}, /* clients that are not greeted yet */
    {"nap_us", &nap_us},     /* rest between two sweeps */
    {"rcvbuf", &rcvbuf},
    {"stalled", &stalled},
    {"leave", &leave},   /* 1: close, 2: reset */
    {"lines", &lines},   /* that each client sends */
    {"length", &length}, /* of a line, with its end */
    {"bytes", &bytes},   /* that each client waits for */
    {"period", &period},
    {"sip", &sip}, /* the most read in a sweep; 0: all there is */
    {NULL, NULL},
};

static struct client {
    bool greeted, gone;
    uint64_t read, written;
} clients[MOST_CLIENTS];

static struct crowd crowd;
static unsigned arrived;
static unsigned long bad;
static bool word_came;
static unsigned char expected[INBOX + LONGEST_PERIOD];
static char outbox[INBOX];

static void prepare(void)
{
    for (size_t i = 0; i < sizeof expected; i++)
        expected[i] = (unsigned char)(i % (size_t)period);
    for (size_t i = 0; i < sizeof outbox; i++)
        outbox[i] = (i + 1) % (size_t)length == 0 ? '\n' : 'x';
}

static void tell(const char *word)
{
    uint64_t least = ULONG_MAX, most = 0;

    for (unsigned i = 0; i < crowd.wanted; i++) {
        least = clients[i].read < least ? clients[i].read : least;
        most = clients[i].read > most ? clients[i].read : most;
    }
    printf("%s clients=%u refused=%u gone=%u bad=%lu least=%lu most=%lu\n",
           word, crowd.wanted, crowd.refused, crowd.gone, bad,
           (unsigned long)least, (unsigned long)most);
}

static void part_from(unsigned number)
{
    if (clients[number].gone)
        return;
    crowd.greeted += !clients[number].greeted;
    clients[number].gone = true;
    crowd_leave(&crowd, number);
}

static void take(struct client *client, const unsigned char *inbox,
                 size_t count)
{
    bool waited = client->read < (uint64_t)bytes;

    if (count > 0 && !client->greeted) {
        bad += inbox[0] != 1;
        client->greeted = true;
        crowd.greeted++;
        inbox++;
        count--;
    }
    bad +=
        memcmp(inbox, expected + client->read % (uint64_t)period, count) != 0;
    client->read += count;
    arrived += waited && client->read >= (uint64_t)bytes;
}

static void receive(unsigned number)
{
    static unsigned char inbox[INBOX];
    struct client *client = &clients[number];
    size_t most = stalled && !client->greeted ? GREETING : sizeof inbox;
    ssize_t count;

    if (client->gone || (stalled && client->greeted && !word_came))
        return;
    if (sip > 0 && client->greeted)
        most = (size_t)sip;
    do {
        count = recv(crowd.fds[number], inbox, most, 0);
        if (count > 0)
            take(client, inbox, (size_t)count);
    } while (count == sizeof inbox && sip == 0);
    if (count == 0 || (count < 0 && errno != EAGAIN))
        part_from(number);
}

/* Send what the kernel takes of the lines. */
static void send_lines(unsigned number)
{
    struct client *client = &clients[number];
    uint64_t all = (uint64_t)lines * (uint64_t)length;
    ssize_t count = 1;

    while (!client->gone && count > 0 && client->written < all) {
        size_t from = client->written % (uint64_t)length;
        size_t part = sizeof outbox - from;

        if (part > all - client->written)
            part = all - client->written;
        count = send(crowd.fds[number], outbox + from, part, MSG_NOSIGNAL);
        client->written += count > 0 ? (uint64_t)count : 0;
    }
}

static void reset(unsigned number)
{
    struct linger linger = {.l_onoff = 1};

    check(setsockopt(crowd.fds[number], SOL_SOCKET, SO_LINGER, &linger,
                     sizeof linger),
          "SO_LINGER");
}

/* The word has come. */
static void act(unsigned number)
{
    if (leave == RESETS && !clients[number].gone)
        reset(number);
    if (leave != STAYS)
        part_from(number);
    else if (lines > 0)
        send_lines(number);
    else
        receive(number);
}

static void obey(void)
{
    if (word_came || load_paused())
        return;
    word_came = true;
    for (unsigned i = 0; i < crowd.wanted; i++)
        act(i);
}

static void serve(const struct epoll_event *event)
{
    unsigned number = event->data.u32;
    bool ended = event->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);

    if (word_came && lines > 0)
        send_lines(number);
    receive(number);
    if (ended) /* its end may stand behind a read that was full */
        receive(number);
}

static void sweep(void)
{
    static struct epoll_event events[EVENTS];

    for (int i = crowd_wait(&crowd, events, EVENTS, 10); i-- > 0;)
        serve(&events[i]);
    for (unsigned i = 0; sip > 0 && word_came && i < crowd.wanted; i++)
        receive(i);
}

void load_herd(int port, char **arguments)
{
    bool ready = false, told = false;

    settings_read(settings, arguments);
    prepare();
    crowd_init(&crowd, port, connections, inflight);
    crowd.also = lines > 0 ? EPOLLOUT : 0;
    crowd.rcvbuf = (int)rcvbuf;
    load_pause();
    while (!load_stopping()) {
        crowd_fill(&crowd);
        sweep();
        if (!ready && crowd.greeted == crowd.wanted)
            printf("ready\n");
        ready = crowd.greeted == crowd.wanted;
        obey();
        if (!told && bytes > 0 && arrived == crowd.wanted) {
            tell("arrived");
            told = true;
        }
        nap(nap_us);
    }
    tell("ended");
}
