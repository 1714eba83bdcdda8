/*
 * batch.h - messages of the stream, as pieces ready for one sendmsg(2)
 *
 * A batch is for a connection whose queue is empty. Its pieces point into the
 * stream's bockets and hold none of them, so it is good only until the stream
 * changes. Connections with the same next message and the same channels need
 * the same batch: it is packed once and used for all of them.
 */
#ifndef FES_SEND_BATCH_H
#define FES_SEND_BATCH_H

#include "net/state/pending.h"

#include <stdint.h>
#include <sys/uio.h>

enum { BATCH_PIECES = 64 };

struct batch {
    uint64_t message;  /* the first message considered */
    uint64_t next;     /* the first message not considered */
    uint64_t channels; /* bits, as of pending_channels(); set by fanout.c */
    uint64_t bytes;    /* of all pieces */
    uint32_t messages; /* in the batch */
    int count;         /* pieces */
    struct segment pieces[BATCH_PIECES];
    struct iovec vector[BATCH_PIECES]; /* the same pieces, for sendmsg(2) */
};

/* Make a batch that fits no connection, so that the next one is packed. */
void batch_init(struct batch *batch);

/*
 * Pack all messages from `message` on. For a stream whose messages are all of
 * one channel, and a subscriber of that. Packs as many whole messages as fit
 * into BATCH_PIECES; none if the first alone has more pieces.
 */
void batch_pack(struct batch *batch, const struct stream *stream,
                uint64_t message);

/* Pack the messages that `pending`, just begun, finds; as many as fit. */
void batch_select(struct batch *batch, struct pending *pending);

#endif
