/*
 * accept.h - from the kernel's backlog to a connection
 *
 * Each connection in set-up, from accept4 until its on_connect has run, takes
 * one of `maxaccepts` slots. No slot, no accept: the rest waits in the kernel,
 * as it does while the server is full, paused, or the system is out of
 * descriptors. Nothing is accepted only to be dropped, save one connection too
 * many from its address, which nobody can know before.
 */
#ifndef FES_SERVE_ACCEPT_H
#define FES_SERVE_ACCEPT_H

#include "net/state/server.h"

/* The watch function of listening sockets. */
void accept_on_readable(struct watch *watch, unsigned events);

/* Watch the listening socket if another connection may come, else not. */
void accept_update(struct server *server);

/* The timer function of `retry`. */
void accept_on_retry(struct timer *timer);

#endif
