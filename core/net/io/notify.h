/*
 * notify.h - what a service manager is told: ready, reloading, stopping, alive
 *
 * The protocol of sd_notify(3), by hand: datagrams to the socket that is named
 * in NOTIFY_SOCKET. Without that variable nobody is told anything.
 */
#ifndef FES_IO_NOTIFY_H
#define FES_IO_NOTIFY_H

#include "net/io/loop.h"

#include <stdint.h>

/* What keeps the manager's watchdog (WATCHDOG_USEC) quiet, from the loop. */
struct notify {
    struct loop *loop;
    struct timer timer;
    uint64_t period; /* nanoseconds */
};

/* All is set up: say so, and from now on say often enough that we live. */
void notify_ready(struct notify *notify, struct loop *loop);

/* A reload has begun; and has ended, in whichever way. */
void notify_reloading(void);
void notify_reloaded(void);

/* The end has begun. */
void notify_stopping(void);

#endif
