#include "interval.h"

#include "sockets.h"
#include "tools.h"

#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static void watch(struct interval *interval, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    check(epoll_ctl(interval->epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

int interval_open(struct interval *interval, int epoll)
{
    int port;

    interval->epoll = epoll;
    interval->peer = -1;
    interval->control = sockets_listen(&port);
    interval->timer =
        check(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), "timerfd_create");
    watch(interval, interval->control);
    watch(interval, interval->timer);
    return port;
}

/* One nanosecond more, since none at all would disarm the timer. */
static void step_after(struct interval *interval, long ms)
{
    struct itimerspec time = {
        .it_value = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 + 1}};

    check(timerfd_settime(interval->timer, 0, &time, NULL), "timerfd_settime");
}

static void accept_peer(struct interval *interval)
{
    int fd = accept4(interval->control, NULL, NULL, SOCK_NONBLOCK);

    if (fd < 0)
        return;
    if (interval->peer >= 0)
        close(interval->peer);
    interval->peer = fd;
    watch(interval, fd);
}

static void obey(struct interval *interval)
{
    char command[16];

    if (recv(interval->peer, command, sizeof command, 0) <= 0) {
        close(interval->peer);
        interval->peer = -1;
    } else if (!interval->running) {
        interval->running = true;
        step_after(interval, interval->warmup_ms);
    }
}

bool interval_serve(struct interval *interval, int fd)
{
    uint64_t ticks;

    if (fd == interval->control)
        accept_peer(interval);
    else if (fd == interval->peer)
        obey(interval);
    else if (fd == interval->timer)
        interval->due = read(fd, &ticks, sizeof ticks) == sizeof ticks;
    else
        return false;
    return true;
}

static struct counts with_times(struct counts counts)
{
    struct timespec cpu;

    check(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu), "clock_gettime");
    counts.cpu = (double)cpu.tv_sec + (double)cpu.tv_nsec / 1e9;
    counts.wall = (double)now() / 1e9;
    return counts;
}

static void print_measured(const struct counts *start, const struct counts *end)
{
    printf("measured messages=%lu sends=%lu bytes=%lu kernel=%.6f cpu=%.6f "
           "wall=%.6f\n",
           end->messages - start->messages, end->sends - start->sends,
           end->bytes - start->bytes,
           (double)(end->kernel - start->kernel) / 1e9, end->cpu - start->cpu,
           end->wall - start->wall);
}

void interval_step(struct interval *interval, const struct counts *counts)
{
    struct counts timed = with_times(*counts);

    interval->due = false;
    if (!interval->measuring) {
        interval->measuring = true;
        interval->start = timed;
        if (interval->messages == 0)
            step_after(interval, interval->measure_ms);
    } else {
        interval->measuring = interval->running = false;
        print_measured(&interval->start, &timed);
    }
}
