/*
 * load_gaps.c - receivers of numbered messages: how long did any of them wait?
 *
 * Bytes 0 to 7 of a message are its number, the others count on from 8. Each
 * client must have every number from its first one on, once and in order. The
 * longest time between two messages at one client is told whenever we are to
 * pause, and at the end, which SIGTERM brings.
 */
#include "crowd.h"
#include "load.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { INBOX = 65536, EVENTS = 1024, NUMBER = 8 };

static long connections = 100, inflight = 256, nap_us;

static const struct setting settings[] = {
    {"connections", &connections},
    {"inflight", &inflight}, /* clients that are not greeted yet */
    {"nap_us", &nap_us}, /* rest between two sweeps over those who have data */
    {NULL, NULL},
};

static struct client {
    unsigned char message[MESSAGE];
    unsigned at; /* bytes of it that have come */
    bool greeted;
    bool begun; /* it has had a message */
    uint64_t number;
    uint64_t last; /* when that came */
} clients[MOST_CLIENTS];

static struct crowd crowd;
static unsigned begun;
static unsigned long messages, bad;
static uint64_t longest;
static unsigned char expected[MESSAGE];

static void land(struct client *client, uint64_t time)
{
    uint64_t number;

    memcpy(&number, client->message, sizeof number);
    bad += memcmp(client->message + NUMBER, expected + NUMBER,
                  MESSAGE - NUMBER) != 0;
    if (client->begun) {
        bad += number != client->number + 1;
        if (time - client->last > longest)
            longest = time - client->last;
    }
    begun += !client->begun;
    client->begun = true;
    client->number = number;
    client->last = time;
    client->at = 0;
    messages++;
}

static void take(struct client *client, const unsigned char *bytes,
                 size_t length, uint64_t time)
{
    if (!client->greeted) {
        bad += bytes[0] != 1;
        client->greeted = true;
        crowd.greeted++;
        bytes++;
        length--;
    }
    while (length > 0) {
        size_t part = MESSAGE - client->at;

        if (part > length)
            part = length;
        memcpy(client->message + client->at, bytes, part);
        client->at += (unsigned)part;
        bytes += part;
        length -= part;
        if (client->at == MESSAGE)
            land(client, time);
    }
}

static void receive(unsigned number, bool ended)
{
    static unsigned char inbox[INBOX];
    uint64_t time = now();
    ssize_t length;

    /* What comes behind a short read is an event of its own. */
    do {
        length = recv(crowd.fds[number], inbox, sizeof inbox, 0);
        if (length > 0)
            take(&clients[number], inbox, (size_t)length, time);
    } while (length == sizeof inbox);
    if (length == 0 || ended)
        crowd_leave(&crowd, number);
}

static void tell(void)
{
    printf("gaps clients=%u messages=%lu bad=%lu gone=%u longest_us=%lu\n",
           begun, messages, bad, crowd.gone, longest / 1000);
    longest = 0;
}

void load_gaps(int port, char **arguments)
{
    static struct epoll_event events[EVENTS];
    bool ready = false, paused = false;

    settings_read(settings, arguments);
    message_write(expected);
    crowd_init(&crowd, port, connections, inflight);
    while (crowd_is_out(&crowd) && !load_stopping()) {
        crowd_fill(&crowd);
        for (int i = crowd_wait(&crowd, events, EVENTS, 100); i-- > 0;)
            receive(events[i].data.u32,
                    events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR));
        if (!ready && begun == crowd.wanted) {
            printf("ready\n");
            longest = 0; /* what coming in cost does not count */
            ready = true;
        }
        if (load_paused() && !paused)
            tell();
        paused = load_paused();
        nap(nap_us);
    }
    tell();
}
