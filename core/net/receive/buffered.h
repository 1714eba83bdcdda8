/*
 * buffered.h - what has come is taken by whoever wants it
 *
 * The connections of a *pulled* server hand nothing up. They tell that
 * something has come, and it stays in the inbox until it is asked for: a line
 * now, then so many bytes, then all up to the end. When the inbox has as many
 * bockets as a connection may hold, the connection is not read, and TCP pushes
 * back.
 *
 * The peer's end does not close such a connection: it stays open for sending
 * until pull_finish(); or, once nobody is there who would do that, until then.
 */
#ifndef FES_RECEIVE_BUFFERED_H
#define FES_RECEIVE_BUFFERED_H

#include "net/state/conn.h"
#include "net/state/event.h"

#include <stdint.h>

enum take_kind {
    TAKE_MESSAGE, /* one, by the form of its server; raw: what has come */
    TAKE_BYTES,   /* so many */
    TAKE_LINE,    /* without its end; the last one needs none */
    TAKE_ALL      /* up to the peer's end */
};

/* What is wanted. All but TAKE_MESSAGE only of a server whose form is raw. */
struct take {
    enum take_kind kind;
    uint32_t bytes; /* TAKE_BYTES: 0 .. maxmessage of the server */
};

enum take_answer {
    TAKE_DONE,
    TAKE_WAITS,  /* it has not come yet, or the connection is paused */
    TAKE_ENDED,  /* it will not come: the peer has ended its stream */
    TAKE_CLOSED, /* the connection is closing or gone */
    TAKE_TOOLONG /* it is longer than maxmessage */
};

/* Something has come, or the peer's end, or it may be taken again: tell. */
void pull_tell(struct conn *conn);

/* What would pull_take() answer? */
enum take_answer pull_look(struct conn *conn, const struct take *take);

/*
 * Take what is wanted. TAKE_DONE: whoever asked checks in the bocket of each of
 * its pieces, which are good until the next call. What is too long is the end
 * of the connection.
 */
enum take_answer pull_take(struct conn *conn, const struct take *take,
                           struct received *data);

/* Does the inbox begin with a message of which the rest has not come? */
bool pull_is_partial(struct conn *conn);

/* Nobody will take or send any more: close, gracefully. */
void pull_finish(struct conn *conn);

/* It stays open, and closes when the peer has ended. */
void pull_abandon(struct conn *conn);

#endif
