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
 * handler that answers what it gets finds space. A message that must wait makes
 * the connection HELD: it is not read until the message has been handed over.
 *
 * The watches only put connections into the engine's ring `ready`; in each turn
 * they are visited in that order, for about 5 ms, each for its share of the
 * time and 200 us at most. A visit that is cut goes on when the turn comes to
 * the connection again. So neither one busy client nor many starve the others.
 */
#ifndef FES_RECEIVE_RECEIVE_H
#define FES_RECEIVE_RECEIVE_H

#include "net/state/conn.h"

struct engine;

/* Visit the connections in the ring `ready`: send what waits in the queues of
 * those that are writable, read those that are readable. What is left when the
 * time is over stays in the ring. */
void receive_ready(struct engine *engine);

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
