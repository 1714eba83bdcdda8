/*
 * pending.h - which messages of the stream wait for a connection
 *
 * Whoever asks marks the channels that the connection is a subscriber of, and
 * then looks at each message that it has not seen: is its channel marked? Only
 * one can look at a time, and only until the next one begins.
 */
#ifndef FES_STATE_PENDING_H
#define FES_STATE_PENDING_H

#include "net/state/server.h"

#include <stdbool.h>
#include <stdint.h>

struct pending {
    struct conn *conn;
    uint64_t message; /* that waits */
    uint64_t next;    /* to be looked at */
    struct channel *channel;
    struct sub *sub; /* NULL: to the broadcasts, and live */
};

/*
 * The channels of which messages from `from` on wait for a connection that lags
 * on none: their bits. False: bits cannot say it, as one has none, or has been
 * joined since.
 */
bool pending_channels(const struct conn *conn, uint64_t from,
                      uint64_t *channels);

/* Begin to look. */
struct pending pending_begin(struct conn *conn);

/* Find the next message that waits. False: there is none. */
bool pending_next(struct pending *pending);

/* The bytes of a message. */
uint64_t pending_length(const struct pending *pending);

#endif
