/*
 * closing.h - the graceful end of a connection
 */
#ifndef FES_SEND_CLOSING_H
#define FES_SEND_CLOSING_H

#include "net/state/reason.h"

struct conn;

/*
 * Close the connection: nothing more is handed over or queued. Its queue is
 * sent, then its stream is ended; what the peer sends is discarded until the
 * peer has ended its stream too, for `linger` seconds at most. With a linger of
 * 0, and in set-up, the queue is discarded and the peer sees a reset. For a
 * connection that is closing already, only a shorter linger has an effect.
 */
void closing_begin(struct conn *conn, enum reason reason, double linger);

#endif
