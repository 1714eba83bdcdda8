/*
 * load_swarm.c - clients that come all at once, stay, and leave
 *
 * It works with any server. "connected ..." is printed when each client has
 * either been let in or refused. What comes is read and thrown away, unless
 * stalled=1: then nothing is read, and the kernel holds as little of it as
 * `rcvbuf` allows. They leave after `hold_ms`, or at SIGTERM.
 */
#include "load.h"
#include "sockets.h"
#include "tools.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { INBOX = 65536, EVENTS = 1024 };

static long connections = 100, stalled, rcvbuf, hold_ms;

static const struct setting settings[] = {
    {"connections", &connections}, {"stalled", &stalled},
    {"rcvbuf", &rcvbuf}, /* 0: the system's; when stalled: the least there is */
    {"hold_ms", &hold_ms},         {NULL, NULL},
};

static struct {
    int fd;
    bool connected;
} clients[MOST_CLIENTS];
static unsigned connected, refused, ended;
static uint64_t bytes;
static int epoll;

static void open_client(int port, unsigned number)
{
    struct epoll_event event = {.events = EPOLLOUT | EPOLLET,
                                .data.u32 = number};

    if (!stalled)
        event.events |= EPOLLIN | EPOLLRDHUP;
    clients[number].fd =
        sockets_connect(port, number, stalled && !rcvbuf ? 1 : (int)rcvbuf);
    if (clients[number].fd < 0)
        refused++;
    else
        check(epoll_ctl(epoll, EPOLL_CTL_ADD, clients[number].fd, &event),
              "epoll_ctl");
}

static void close_client(unsigned number)
{
    close(clients[number].fd);
    clients[number].fd = -1;
    if (clients[number].connected)
        ended++;
    else
        refused++;
}

static void discard(unsigned number)
{
    static unsigned char inbox[INBOX];
    ssize_t length;

    while ((length = recv(clients[number].fd, inbox, sizeof inbox, 0)) > 0)
        bytes += (uint64_t)length;
    if (length == 0 || errno != EAGAIN)
        close_client(number);
}

static void serve(unsigned number, unsigned events)
{
    if (!clients[number].connected && events & EPOLLERR) {
        close_client(number);
        return;
    }
    connected += !clients[number].connected;
    clients[number].connected = true;
    if (!stalled)
        discard(number);
}

static void serve_all(int ms)
{
    static struct epoll_event events[EVENTS];
    int count = epoll_wait(epoll, events, EVENTS, ms);

    for (int i = 0; i < count; i++)
        serve(events[i].data.u32, events[i].events);
}

void load_swarm(int port, char **arguments)
{
    settings_read(settings, arguments);
    raise_descriptor_limit();
    epoll = check(epoll_create1(0), "epoll_create1");

    for (unsigned i = 0; i < (unsigned)connections; i++)
        open_client(port, i);
    while (connected + refused < (unsigned)connections && !load_stopping())
        serve_all(100);
    printf("connected clients=%u refused=%u\n", connected, refused);

    uint64_t end = now() + (uint64_t)hold_ms * 1000000;

    while (!load_stopping() && (hold_ms == 0 || now() < end))
        serve_all(10);
    printf("left clients=%u bytes=%lu ended=%u\n", connected, bytes, ended);
}
