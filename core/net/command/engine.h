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
 * Make an engine for at most `connections` connections, those of all servers
 * together. `events` is copied. `turn_end(script)` is called in each turn,
 * after the events and before the flush; it may be NULL. NULL, with errno set:
 * the system refuses.
 */
struct engine *engine_new(uint32_t connections, const struct events *events,
                          turn_fn *turn_end, void *script);

/* Close everything at once, without events, and free it. */
void engine_free(struct engine *engine);

/* For how many nanoseconds fes has been absent so far (state/engine.h). */
uint64_t engine_absent(const struct engine *engine);

/* The engine's loop; and the `script` that engine_new() was given. */
struct loop *engine_loop(const struct engine *engine);
void *engine_script(const struct engine *engine);

/* The most connections at a time; and the number of slots, which is a little
 * greater: conn_name_slot() is below it. */
uint32_t engine_most_connections(const struct engine *engine);
uint32_t engine_slots(const struct engine *engine);

/* As server_next() (server.h), for the connections of all servers. */
conn_name engine_next(const struct engine *engine, uint32_t *slot);

/* Connections of all servers, outgoing ones too, that are open or in set-up. */
uint32_t engine_connections(const struct engine *engine);

/* Is any server not closed, any connection left, or any event pending? */
bool engine_is_in_use(const struct engine *engine);

/* Stop listening at all servers; close all servers, as server_close(). */
void engine_stop_listening(struct engine *engine);
void engine_close_servers(struct engine *engine, enum reason reason,
                          double linger);

/* Log a warning for each socket passed by a service manager that no server
 * listens on. */
void engine_warn_unused(const struct engine *engine);

/*
 * May the size of the store of snapshots, in bytes, be set to this; and set it.
 * False: the store is in use, and has another size.
 */
bool engine_may_set_retained(const struct engine *engine, uint64_t bytes);
bool engine_set_retained(struct engine *engine, uint64_t bytes);

/* Bockets of the slab of outgoing connections; 0: it is not mapped yet. */
uint32_t engine_outgoing_bockets(const struct engine *engine);

struct engine_stats {
    struct server_stats servers; /* sum of all servers, freed ones too */
    uint64_t uptime;             /* nanoseconds */
    struct times turns;          /* durations, without waiting for events */
    struct times handlers;       /* of these: receiving, handlers, timers */
};

struct engine_stats engine_stats(const struct engine *engine);

#endif
