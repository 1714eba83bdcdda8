/*
 * engine.h - commands: the engine is made, looked at and freed
 */
#ifndef FES_COMMAND_ENGINE_H
#define FES_COMMAND_ENGINE_H

#include "base/times.h"
#include "net/io/loop.h"
#include "net/state/conn_name.h"
#include "net/state/counters.h"
#include "net/state/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;

/*
 * Make an engine for at most `connections` connections. `turn_end(script)` is
 * called in each turn, after the events and before the flush; it may be NULL.
 * NULL, with errno set: the system refuses.
 */
struct engine *engine_new(uint32_t connections, const struct events *events,
                          turn_fn *turn_end, void *script);

/* Close everything at once, without events, and free it. */
void engine_free(struct engine *engine);

/* Its loop; and what engine_new() was given as `script`. */
struct loop *engine_loop(const struct engine *engine);
void *engine_script(const struct engine *engine);

/* Connections that there may be at a time; and the number of their slots, which
 * is a little greater (conn_name_slot() is less than it). */
uint32_t engine_most_connections(const struct engine *engine);
uint32_t engine_slots(const struct engine *engine);

/* As server_next() in server.h, of all servers. */
conn_name engine_next(const struct engine *engine, uint32_t *slot);

/* Connections of all servers, outgoing ones too, that are open or in set-up. */
uint32_t engine_connections(const struct engine *engine);

/* Does any server listen, is any connection left, is an event to be delivered?
 */
bool engine_is_in_use(const struct engine *engine);

/* All servers stop listening; or are closed, as by server_close(). */
void engine_stop_listening(struct engine *engine);
void engine_close_servers(struct engine *engine, enum reason reason,
                          double linger);

/* Warn of sockets passed by a service manager that no server has asked for. */
void engine_warn_unused(const struct engine *engine);

/*
 * The bytes for retained messages of all topics. False: they cannot change to
 * this, since messages are retained.
 */
bool engine_may_set_retained(const struct engine *engine, uint64_t bytes);
bool engine_set_retained(struct engine *engine, uint64_t bytes);

/* Bockets that all outgoing connections share; 0: none was made so far. */
uint32_t engine_outgoing_bockets(const struct engine *engine);

struct engine_stats {
    struct server_stats servers; /* the sum of all, closed ones too */
    uint64_t uptime;             /* nanoseconds */
    struct times turns;          /* all but the waiting */
    struct times handlers;       /* of that: receiving, handlers, timers */
};

struct engine_stats engine_stats(const struct engine *engine);

#endif
