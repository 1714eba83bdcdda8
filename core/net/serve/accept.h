/*
 * accept.h - from the kernel's backlog to a connection
 *
 * Each connection in set-up, from accept4 until its on_connect has run, takes
 * one of `maxaccepts` places. While none is free, or the server has
 * `maxconnections`, is paused, or the system is out of descriptors or memory,
 * fes does not accept: connections wait in the kernel's backlog. Only a
 * connection beyond `maxperip` is accepted and closed at once, because its
 * address is not known before.
 */
#ifndef FES_SERVE_ACCEPT_H
#define FES_SERVE_ACCEPT_H

#include "net/state/server.h"

/* The watch function of listening sockets: accept what is in the backlog. */
void accept_on_readable(struct watch *watch, unsigned events);

/* Watch the listening socket if a connection may be accepted now, else stop
 * watching. Call after each change of what that depends on. */
void accept_update(struct server *server);

/*
 * Call at the end of a turn, before the visits: whether the engine has a place
 * for one more connection concerns every server that listens, so all of them
 * are visited when that has changed.
 */
void accept_note_full(struct engine *engine);

/* The timer function of server->retry: the pause after an error is over. */
void accept_on_retry(struct timer *timer);

#endif
