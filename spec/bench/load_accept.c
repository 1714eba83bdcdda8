/*
 * load_accept.c - clients that come, are greeted, and go
 *
 * `inflight` connections are open at once. The oldest is waited for, closed,
 * and replaced by a new one, until SIGTERM, until `messages` were opened, or
 * until one fails. Since servers accept in order, there is no need to watch the
 * others.
 */
#include "load.h"
#include "sockets.h"
#include "tools.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_INFLIGHT = 512, PATIENCE_MS = 10000 };

static long inflight = 64, messages, paused;

static const struct setting settings[] = {
    {"inflight", &inflight},
    {"messages", &messages},
    {"paused", &paused}, /* 1: begin at SIGUSR1 */
    {NULL, NULL},
};

static int ring[MOST_INFLIGHT];
static unsigned long opened, closed, greeted, bad, refused;

static bool may_open(void)
{
    return !load_stopping() && !load_paused() && refused + bad == 0 &&
           opened - closed < (unsigned long)inflight &&
           (messages == 0 || opened < (unsigned long)messages);
}

static void open_next(int port)
{
    int fd = sockets_connect(port, opened, 0);

    if (fd >= 0)
        ring[opened++ % MOST_INFLIGHT] = fd;
    else
        refused++;
}

static void finish(int fd)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    unsigned char greeting;
    ssize_t length;

    while ((length = recv(fd, &greeting, GREETING, 0)) < 0 && errno == EAGAIN)
        if (poll(&readable, 1, PATIENCE_MS) == 0)
            break;

    if (length == GREETING && greeting == 1)
        greeted++;
    else
        bad++;
    close(fd);
}

static bool over(void)
{
    return closed == opened &&
           (load_stopping() || refused + bad > 0 ||
            (messages > 0 && opened == (unsigned long)messages));
}

static void rest(void)
{
    struct timespec time = {.tv_nsec = 1000000};

    nanosleep(&time, NULL);
}

void load_accept(int port, char **arguments)
{
    settings_read(settings, arguments);
    if (inflight < 1 || inflight > MOST_INFLIGHT)
        inflight = MOST_INFLIGHT;
    if (paused)
        load_pause();
    raise_descriptor_limit();
    printf("ready\n");

    while (!over()) {
        while (may_open())
            open_next(port);
        if (closed < opened)
            finish(ring[closed++ % MOST_INFLIGHT]);
        else
            rest();
    }
    printf("accepted clients=%lu greeted=%lu bad=%lu refused=%lu\n", opened,
           greeted, bad, refused);
}
