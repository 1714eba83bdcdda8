/*
 * notify.h - messages to a service manager: ready, reloading, stopping, alive
 *
 * Implements the protocol of sd_notify(3): datagrams to the socket named in the
 * environment variable NOTIFY_SOCKET. Without that variable nothing is sent. An
 * error is logged and otherwise ignored.
 */
#ifndef FES_IO_NOTIFY_H
#define FES_IO_NOTIFY_H

#include "net/io/loop.h"

#include <stdint.h>

/* The periodic message for the manager's watchdog (WATCHDOG_USEC). */
struct notify {
    struct loop *loop;
    struct timer timer;
    uint64_t period; /* nanoseconds; 0: the manager has no watchdog */
};

/* Report that fes is ready, and start the messages for the watchdog. `notify`
 * must live as long as the loop runs. */
void notify_ready(struct notify *notify, struct loop *loop);

/* Report that a reload has begun; that it has ended, successful or not. */
void notify_reloading(void);
void notify_reloaded(void);

/* Report that fes is stopping. */
void notify_stopping(void);

#endif
