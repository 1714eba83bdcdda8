/*
 * receive.h - from the kernel to the script
 *
 * A bocket is checked out when the socket is readable, filled, and its messages
 * are handed up, by the form of the server; what is left is the beginning of
 * the next one, and stays in the connection's inbox. An idle connection holds
 * nothing.
 *
 * A connection is read, and what it sent handed over, only while at most half
 * of its queue is used, at most half a queue at a time, and only so often in a
 * turn; so a handler that answers what it reads always finds room, and one
 * loud client does not starve the others. What has to wait is HELD: the
 * connection is not read until it has been handed over.
 */
#ifndef FES_RECEIVE_RECEIVE_H
#define FES_RECEIVE_RECEIVE_H

#include "net/state/conn.h"

/* The watch function of connections; and that of the engine's hangups. */
void receive_on_events(struct watch *watch, unsigned events);
void receive_on_hangups(struct watch *watch, unsigned events);

/*
 * Hand over what has come, as far as the connection may have it now, and after
 * it the peer's end. From the loop only; may end the connection.
 */
void receive_hand_over(struct conn *conn);

#endif
