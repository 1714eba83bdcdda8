/*
 * buffered.h - received data that waits until a task asks for it
 *
 * The connections of a *buffered* server (one with a `handler`) hand nothing
 * over. The event `arrived` says that something has come; the data stays in the
 * inbox until it is asked for: a line, then so many bytes, then all up to the
 * end. When the inbox is full (`maxreceives`), the connection is not read, and
 * TCP stops the peer.
 *
 * The end of the peer's stream does not close such a connection: it stays open
 * for sending until buffered_finish(). If nothing is left that would call that
 * (buffered_abandon()), the peer's end closes it.
 */
#ifndef FES_RECEIVE_BUFFERED_H
#define FES_RECEIVE_BUFFERED_H

#include "net/state/event.h"

#include <stdbool.h>
#include <stdint.h>

struct conn;
struct frame;

enum receive_kind {
    RECEIVE_MESSAGE, /* one, by the connection's framing; raw: what has come */
    RECEIVE_BYTES,   /* exactly `bytes` */
    RECEIVE_LINE,    /* without its line end, which the last one may lack */
    RECEIVE_ALL      /* everything up to the end of the peer's stream */
};

/* What is asked for. All but RECEIVE_MESSAGE need the framing raw. */
struct receive_request {
    enum receive_kind kind;
    uint32_t bytes; /* RECEIVE_BYTES: 0 .. maxmessage of the server */
};

enum receive_result {
    RECEIVE_DONE,
    RECEIVE_WAITS,  /* not all has come yet, or the connection is paused */
    RECEIVE_ENDED,  /* it cannot come any more: the peer ended its stream */
    RECEIVE_CLOSED, /* the connection is closing or gone */
    RECEIVE_TOOLONG /* longer than maxmessage */
};

/*
 * Call when data or the peer's end has come, or a pause is over: delivers
 * `arrived`, so call from the loop only. Closes an abandoned connection whose
 * peer has ended.
 */
void buffered_deliver(struct conn *conn);

/* The answer that buffered_receive() would give now. Changes nothing. */
enum receive_result buffered_peek(struct conn *conn,
                                  const struct receive_request *request);

/*
 * Take what is asked for out of the inbox. RECEIVE_DONE: `*data` is set; the
 * caller checks in each piece's bocket, and the array of pieces is good until
 * the next call for any connection of the server. RECEIVE_TOOLONG: the
 * connection has ended.
 */
enum receive_result buffered_receive(struct conn *conn,
                                     const struct receive_request *request,
                                     struct received *data);

/*
 * Take the message that `frame` describes out of the inbox, and count it.
 * Pieces as of buffered_receive().
 */
struct received buffered_extract(struct conn *conn, const struct frame *frame);

/* Does the inbox begin with a message of which a part has not come? */
bool buffered_is_partial(struct conn *conn);

/* The handler has returned: close the connection gracefully. */
void buffered_finish(struct conn *conn);

/* The handler has failed, and the script wants the connection to stay open:
 * close it when the peer has ended its stream. */
void buffered_abandon(struct conn *conn);

#endif
