/*
 * conn_ring.h - a line of connections: first in, first out
 *
 * A ring of slots (4 bytes for each record), which no connection is in twice: a
 * flag of the record says whether it is (`flag` below). A record that is
 * released meanwhile keeps its place and the flag, also when the slot is reused
 * (conn_new), so that the ring never holds more than all records.
 */
#ifndef FES_STATE_CONN_RING_H
#define FES_STATE_CONN_RING_H

#include "net/state/conn.h"

#include <stdbool.h>
#include <stdint.h>

struct conn_ring {
    struct conn_table *table;
    uint32_t *slots;
    uint32_t first; /* index of the one to be taken next */
    uint32_t count;
    enum conn_flag flag;
};

/* Map a ring for all records of the table; `flag` is CONN_POSTED or CONN_READY.
 * False, with errno set, if the system has no memory. */
bool conn_ring_init(struct conn_ring *ring, struct conn_table *table,
                    enum conn_flag flag);
void conn_ring_free(struct conn_ring *ring);

/* Put the connection at the end, unless it is in the ring. */
void conn_ring_put(struct conn_ring *ring, struct conn *conn);

/* Take the first connection. There must be one. */
struct conn *conn_ring_take(struct conn_ring *ring);

#endif
