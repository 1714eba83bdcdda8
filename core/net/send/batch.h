/*
 * batch.h - what waits for a connection that keeps up, ready to be sent
 *
 * Connections that stand at the same message and wait for the same channels
 * need the same parcel: it is packed once for them.
 */
#ifndef FES_SEND_BATCH_H
#define FES_SEND_BATCH_H

#include "net/state/pending.h"

#include <stdint.h>
#include <sys/uio.h>

enum { PARCEL_PIECES = 64 };

struct parcel {
    uint64_t message;  /* the first one that was looked at */
    uint64_t next;     /* the first one that was not */
    uint64_t channels; /* whose messages were; see pending_channels() */
    uint64_t bytes;
    uint32_t messages; /* that are in it */
    int count;
    struct segment pieces[PARCEL_PIECES];
    struct iovec vector[PARCEL_PIECES]; /* the same, for sendmsg(2) */
};

/* A parcel that is nobody's. */
void parcel_init(struct parcel *parcel);

/*
 * Every message from `message` on, all of one channel. As many as fit; none, if
 * the first one alone has too many pieces.
 */
void parcel_pack(struct parcel *parcel, const struct stream *stream,
                 uint64_t message);

/* The messages that are found to wait for a connection, likewise. */
void parcel_select(struct parcel *parcel, struct pending *pending);

#endif
