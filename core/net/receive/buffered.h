/*
 * buffered.h - what has come is taken by whoever wants it
 *
 * The connections of a *buffered* server hand nothing up. They tell that
 * something has come, and it stays in the inbox until it is asked for: a line
 * now, then so many bytes, then all up to the end. When the inbox has as many
 * bockets as a connection may hold, the connection is not read, and TCP pushes
 * back.
 *
 * The peer's end does not close such a connection: it stays open for sending
 * until buffered_finish(); or, once nobody is there who would do that, until
 * then.
 */
#ifndef FES_RECEIVE_BUFFERED_H
#define FES_RECEIVE_BUFFERED_H

#include "net/state/event.h"

#include <stdbool.h>
#include <stdint.h>

struct conn;
struct frame;

enum receive_kind {
    RECEIVE_MESSAGE, /* one, by the form of its server; raw: what has come */
    RECEIVE_BYTES,   /* so many */
    RECEIVE_LINE,    /* without its end; the last one needs none */
    RECEIVE_ALL      /* up to the peer's end */
};

/* What is wanted. All but RECEIVE_MESSAGE only of a server whose form is raw.
 */
struct receive_request {
    enum receive_kind kind;
    uint32_t bytes; /* RECEIVE_BYTES: 0 .. maxmessage of the server */
};

enum receive_result {
    RECEIVE_DONE,
    RECEIVE_WAITS,  /* it has not come yet, or the connection is paused */
    RECEIVE_ENDED,  /* it will not come: the peer has ended its stream */
    RECEIVE_CLOSED, /* the connection is closing or gone */
    RECEIVE_TOOLONG /* it is longer than maxmessage */
};

/* Something has come, or the peer's end, or it may be taken again: tell. */
void buffered_arrived(struct conn *conn);

/* What would buffered_receive() answer? */
enum receive_result buffered_peek(struct conn *conn,
                                  const struct receive_request *request);

/*
 * Take what is wanted. RECEIVE_DONE: whoever asked checks in the bocket of each
 * of its pieces, which are good until the next call. What is too long is the
 * end of the connection.
 */
enum receive_result buffered_receive(struct conn *conn,
                                     const struct receive_request *request,
                                     struct received *data);

/*
 * Take the message that `frame` describes out of the inbox, and count it. The
 * caller checks in each piece's bocket; pieces are good until the next call.
 */
struct received buffered_extract(struct conn *conn, const struct frame *frame);

/* Does the inbox begin with a message of which the rest has not come? */
bool buffered_is_partial(struct conn *conn);

/* Nobody will take or send any more: close, gracefully. */
void buffered_finish(struct conn *conn);

/* It stays open, and closes when the peer has ended. */
void buffered_abandon(struct conn *conn);

#endif
