/*
 * pending.h - the messages of the stream that a connection has not been given
 *
 * pending_begin() marks the channels to which the connection is subscribed;
 * pending_next() finds the next message whose channel is marked. The marks lie
 * in the channels, so only one iteration at a server can be under way: the next
 * pending_begin() ends it.
 */
#ifndef FES_STATE_PENDING_H
#define FES_STATE_PENDING_H

#include "net/state/server.h"

#include <stdbool.h>
#include <stdint.h>

struct pending {
    struct conn *conn;
    uint64_t message;        /* number of the message found */
    uint64_t next;           /* number of the first one not examined yet */
    struct channel *channel; /* of the message found */
    struct sub *sub;         /* likewise; NULL: live broadcasts */
};

/*
 * For a connection without a stall: the bits of the channels of which messages
 * from number `from` on wait for it. False if bits cannot say it: a channel has
 * none, or the connection subscribed to it after `from`.
 */
bool pending_channels(const struct conn *conn, uint64_t from,
                      uint64_t *channels);

/* Begin with the first message that the connection has not been given. */
struct pending pending_begin(struct conn *conn);

/* Find the next message that waits for it. False: no more. */
bool pending_next(struct pending *pending);

/* The length of the message found, in bytes, framed as in the stream. */
uint64_t pending_length(const struct pending *pending);

#endif
