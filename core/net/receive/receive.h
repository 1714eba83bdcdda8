/*
 * receive.h - from the kernel to the script
 *
 * When a socket is readable, a bocket is checked out and filled, and the whole
 * messages in it are handed over, by the connection's framing. The beginning of
 * the next message stays in the connection's inbox. An idle connection holds no
 * bocket.
 *
 * A connection is read, and its messages are handed over, only while at most
 * half of its queue is in use. At most half a queue is read at a time, so a
 * handler that answers what it gets finds space; and only a few reads are done
 * in one turn, so one busy client does not starve the others. A message that
 * must wait makes the connection HELD: it is not read until the message has
 * been handed over.
 */
#ifndef FES_RECEIVE_RECEIVE_H
#define FES_RECEIVE_RECEIVE_H

#include "net/state/conn.h"

/* The watch functions of connections, and of the engine's hangups. */
void receive_on_events(struct watch *watch, unsigned events);
void receive_on_hangups(struct watch *watch, unsigned events);

/*
 * Hand over the whole messages in the inbox, as far as the connection may go on
 * now, then act on the peer's end. Of a buffered server: buffered_deliver().
 * Call from the loop only. May end the connection.
 */
void receive_hand_over(struct conn *conn);

#endif
