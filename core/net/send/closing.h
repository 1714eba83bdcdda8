/*
 * closing.h - the graceful end of a connection
 */
#ifndef FES_SEND_CLOSING_H
#define FES_SEND_CLOSING_H

#include "net/state/reason.h"

struct conn;

/*
 * No more events but that it is closed. What is queued is sent, the stream
 * ended; what comes is discarded until the peer has ended too, for `linger`
 * seconds at most. 0: discard what is queued, and let the peer see a reset. A
 * connection that is closing already may only be made to end sooner.
 */
void closing_begin(struct conn *conn, enum reason reason, double linger);

#endif
