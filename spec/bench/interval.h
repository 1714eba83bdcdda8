/*
 * interval.h - the stretch of a server's life that is measured
 *
 * Whatever is sent to the control port begins an interval: `warmup_ms` pass,
 * then `measure_ms` are measured, or the time that `messages` take if that is
 * not 0, and a line of counts is printed. Then the server rests until it is
 * asked again.
 *
 *      control               due, step           due, step
 *         |                      |                   |
 *         v       warm-up        v      measured     v
 *     ----+----------------------+-------------------+---- rest
 *
 * A step is taken when the kernel has all bytes that were sent, so no work is
 * counted in an interval to which it does not belong.
 */
#ifndef BENCH_INTERVAL_H
#define BENCH_INTERVAL_H

#include <stdbool.h>

struct counts {
    unsigned long messages, sends, bytes;
    unsigned long kernel; /* nanoseconds in system calls, as sampled */
    double cpu, wall;     /* seconds, filled in by the interval */
};

struct interval {
    long warmup_ms, measure_ms, messages;
    int epoll, control, peer, timer;
    bool running; /* in warm-up or measured */
    bool measuring;
    bool due; /* the next step is */
    struct counts start;
};

/* Listen on a control port, which is returned, and be watched by `epoll`. */
int interval_open(struct interval *interval, int epoll);

/* Serve an event. False if `fd` is none of the interval's. */
bool interval_serve(struct interval *interval, int fd);

/* Begin to measure, or end and print the difference. */
void interval_step(struct interval *interval, const struct counts *counts);

/* Have as many messages been measured as were asked for? */
static inline bool interval_is_full(const struct interval *interval,
                                    unsigned long messages)
{
    return interval->measuring && interval->messages > 0 &&
           messages - interval->start.messages >=
               (unsigned long)interval->messages;
}

#endif
