/*
 * crowd.h - many clients of one server, in one epoll set
 *
 * Clients are numbered from 0 in the order in which they set out. A client is
 * on its way until the server has greeted it; at most `inflight` are, so that
 * no connect() overruns the server's backlog and waits a second to be retried.
 * All are watched edge-triggered; an event's data.u32 is the client's number.
 */
#ifndef BENCH_CROWD_H
#define BENCH_CROWD_H

#include "tools.h"

#include <sys/epoll.h>

struct crowd {
    int epoll;
    int port;
    unsigned inflight;
    unsigned wanted;  /* how many there shall be */
    unsigned opened;  /* set out */
    unsigned greeted; /* counted by whoever reads the greeting */
    unsigned gone;    /* left */
    unsigned also;    /* more events to watch for, see epoll_ctl(2) */
    int rcvbuf;       /* SO_RCVBUF; 0: the system's */
    unsigned refused; /* not even let in: then `wanted` falls to `opened` */
    int fds[MOST_CLIENTS];
};

/* `also` and `rcvbuf` are 0; set them before the first is sent out. */
void crowd_init(struct crowd *crowd, int port, long wanted, long inflight);

/* Send out as many clients as are wanted and may be on their way. */
void crowd_fill(struct crowd *crowd);

/*
 * Wait for events, at most `ms` milliseconds, or for ever if that is negative.
 * Their number; 0 also when a signal came.
 */
int crowd_wait(struct crowd *crowd, struct epoll_event *events, int most,
               int ms);

/* A client leaves. */
void crowd_leave(struct crowd *crowd, unsigned number);

/* Is anyone out there, or still to come? */
static inline bool crowd_is_out(const struct crowd *crowd)
{
    return crowd->gone < crowd->wanted;
}

#endif
