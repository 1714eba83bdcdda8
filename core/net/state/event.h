/*
 * event.h - what the engine tells the script's side
 *
 * Events go up, commands (command.h) go down, and neither waits for the other.
 * The engine calls these functions from its loop, one at a time, never from
 * inside a command. An event returns nothing, and the engine expects nothing
 * to have been done when it returns.
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
 * A message that came: its bytes lie in `count` pieces of bockets of `pool`.
 * Whoever is told of it checks each piece's bocket in (pool_checkin), now or
 * later.
 */
struct received {
    struct pool *pool;
    const struct segment *pieces;
    int count;
    size_t length; /* of all pieces together, bytes */
};

/* `owner` is what server_open() was given: the script's idea of the server. */
struct events {
    /* Set-up is done. */
    void (*connected)(void *owner, conn_name name);
    /* Data came. */
    void (*received)(void *owner, conn_name name, const struct received *data);
    /*
     * Of a buffered server (pull.h), instead: something can be taken that could
     * not before, or the peer has ended.
     */
    void (*arrived)(void *owner, conn_name name);
    /* There is room again for what was refused. */
    void (*drained)(void *owner, conn_name name);
    /*
     * A stall is over in which `missed` messages of the topic (NULL:
     * broadcasts) were withheld for ever.
     */
    void (*lagged)(void *owner, conn_name name, uint64_t missed,
                   struct topic *topic);
    /*
     * A stall has begun, with `queued` bytes waiting, and the script's function
     * is to say what happens. command_answer_overflow() is expected.
     */
    void (*asked)(void *owner, conn_name name, uint64_t queued,
                  struct topic *topic);
    /* It closes gracefully: nothing more is received or queued. */
    void (*closing)(void *owner, conn_name name);
    /* The descriptor is closed. The name is good until this returns. */
    void (*closed)(void *owner, conn_name name, enum reason reason,
                   const char *detail);
    /* Instead, to an owner that goes before the descriptor is closed. */
    void (*owner_leaves)(void *owner, conn_name name, enum reason reason,
                         const char *detail);
};

#endif
