/*
 * receive.h - from the kernel to the script
 *
 * A bocket is checked out when the socket is readable, filled, handed up, and
 * checked in by whoever was told: an idle connection holds none. A connection
 * is read only while at most half of its queue is used, at most half a queue
 * at a time, and only so often in a turn; so a handler that answers what it
 * reads always finds room, and one loud client does not starve the others.
 */
#ifndef FES_RECEIVE_H
#define FES_RECEIVE_H

#include "net/conn.h"

/* The watch function of connections. */
void receive_on_events(struct watch *watch, unsigned events);

#endif
