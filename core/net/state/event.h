/*
 * event.h - the functions by which the engine tells the script
 *
 * Events go up, commands (net/command/) go down, and neither waits for the
 * other. The engine calls these functions from its loop, one at a time, never
 * inside a command; except `owner_leaves`, which server_owner_leaves() calls.
 * They return nothing, and the engine does not depend on what they do.
 */
#ifndef FES_STATE_EVENT_H
#define FES_STATE_EVENT_H

#include "net/memory/pool.h"
#include "net/state/conn_name.h"
#include "net/state/reason.h"

#include <stddef.h>
#include <stdint.h>

struct topic;

/*
 * A received message: its bytes lie in `count` pieces of bockets of `pool`. The
 * callee checks in the bocket of each piece (pool_checkin), now or later; the
 * array `pieces` itself is good until the callee returns.
 */
struct received {
    struct pool *pool;
    const struct segment *pieces;
    int count;
    size_t length; /* of all pieces together, bytes */
};

/* `owner` is what server_open() was given: the script's side of the server. */
struct events {
    /* The connection is open; an outgoing one: established. */
    void (*connected)(void *owner, conn_name name);
    /* A message was received; raw: whatever has come. */
    void (*received)(void *owner, conn_name name, const struct received *data);
    /*
     * Instead, with buffered receive (buffered.h): data may be taken that could
     * not before, or the peer has ended its stream.
     */
    void (*arrived)(void *owner, conn_name name);
    /* What was refused as "full" fits now. */
    void (*drained)(void *owner, conn_name name);
    /*
     * A stall is over. `missed` messages of the topic (NULL: broadcasts) were
     * withheld in it and will not come; at least 1.
     */
    void (*lagged)(void *owner, conn_name name, uint64_t missed,
                   struct topic *topic);
    /*
     * A stall on the topic (NULL: broadcasts) has begun, and not only because a
     * new subscriber is sent the snapshot; `queued` bytes are in the queue.
     */
    void (*stalled)(void *owner, conn_name name, uint64_t queued,
                    struct topic *topic);
    /* A graceful close has begun: nothing more is received or queued. */
    void (*closing)(void *owner, conn_name name);
    /* The descriptor is closed. The name is good until this returns; `detail`
     * is static text or NULL. */
    void (*closed)(void *owner, conn_name name, enum reason reason,
                   const char *detail);
    /* The server is closed and its last connection has gone. It is kept, for
     * its facts and figures, until server_abandon(). */
    void (*retired)(void *owner);
    /* Instead of `closed`: the owner leaves before that. */
    void (*owner_leaves)(void *owner, conn_name name, enum reason reason,
                         const char *detail);
};

#endif
