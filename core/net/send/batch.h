/*
 * batch.h - what waits for a connection that keeps up, ready to be sent
 *
 * Connections that stand at the same message and wait for the same channels
 * need the same batch: it is packed once for them.
 */
#ifndef FES_SEND_BATCH_H
#define FES_SEND_BATCH_H

#include "net/state/pending.h"

#include <stdint.h>
#include <sys/uio.h>

enum { BATCH_PIECES = 64 };

struct batch {
    uint64_t message;  /* the first one that was looked at */
    uint64_t next;     /* the first one that was not */
    uint64_t channels; /* whose messages were; see pending_channels() */
    uint64_t bytes;
    uint32_t messages; /* that are in it */
    int count;
    struct segment pieces[BATCH_PIECES];
    struct iovec vector[BATCH_PIECES]; /* the same, for sendmsg(2) */
};

/* A batch that is nobody's. */
void batch_init(struct batch *batch);

/*
 * Every message from `message` on, all of one channel. As many as fit; none, if
 * the first one alone has too many pieces.
 */
void batch_pack(struct batch *batch, const struct stream *stream,
                uint64_t message);

/* The messages that are found to wait for a connection, likewise. */
void batch_select(struct batch *batch, struct pending *pending);

#endif
