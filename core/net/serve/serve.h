/*
 * serve.h - a server from its beginning to its end
 */
#ifndef FES_SERVE_SERVE_H
#define FES_SERVE_SERVE_H

#include "net/state/engine.h"
#include "net/state/server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct server_stats {
    uint32_t connections;
    uint64_t accepted;
    uint64_t closed[REASONS];
    uint64_t bytes_in, bytes_out;
    uint64_t messages_in, messages_out;
    uint64_t queued; /* bytes the kernel has not yet been given */
    size_t bockets, bockets_free, bockets_least;
    uint64_t missed;
    uint64_t missed_by[OVERFLOWS];
    uint64_t refused;        /* broadcasts that found no bocket */
    uint64_t accepts_paused; /* how often accepting had to stop */
    size_t memory;           /* the bound, bytes */
};

/*
 * Listen, with options that are in range; strings in them are copied. NULL and
 * `*why`, text that stays good until the next call, if the system refuses.
 * The server is the caller's until server_abandon(). `owner` is handed to the
 * events of its connections; it is not NULL.
 */
struct server *server_open(struct engine *engine,
                           const struct server_options *options, void *owner,
                           const char **why);

/*
 * For adopt.h. Own copies of what options point at; false: no memory, and some
 * may be there already. Let go of them. What follows from options.
 */
bool server_own_options(struct server_options *own,
                        const struct server_options *given);
void server_drop_options(struct server_options *own);
void server_apply_options(struct server *server);

/* Room for the pieces of the longest message that is handed up, or NULL. */
struct segment *server_new_pieces(const struct server_options *options);

/* The next record of this server that is in use, from slot `*slot` on. */
struct conn *server_next_record(const struct server *server, uint32_t *slot);

/* Stop listening, for good; connections go on. */
void serve_stop_listening(struct server *server);

/*
 * Make the record of a server that does not listen, for so many connections at
 * most; it draws on `slab`, or, if that is NULL, on one of its own. NULL: no
 * memory. It is in no list, and server_free() frees it.
 */
struct server *server_new(struct engine *engine,
                          const struct server_options *options, void *owner,
                          struct slab *slab, uint32_t connections);

/*
 * Stop listening and close the connections gracefully, for `reason`. The
 * server itself remains, and tells its stats, until server_abandon().
 */
void server_close(struct server *server, enum reason reason, double linger);

/*
 * Its owner is about to go, and is told now of the end of each connection that
 * it has been told of. After server_close(). Another owner is told nothing of
 * that: it is to be one without handlers.
 */
void server_owner_leaves(struct server *server);

/* Its owner has gone: end everything at once, without events. It is freed at
 * the end of a turn. */
void server_abandon(struct server *server);

/* At the end of each turn: a closed server whose last connection has gone
 * gives back its slab; one that is outgoing or abandoned is freed. */
void server_retire(struct server *server);

/* With its engine: end everything at once, and free the server. */
void server_free(struct server *server);

/* The same work with 10 and 100,000 connections. An outgoing connection has no
 * bockets of its own. */
struct server_stats server_stats(const struct server *server);

/* Stop and go on accepting. */
void server_pause(struct server *server, bool paused);

/*
 * The first open connection of the server in a slot from `*slot` on; `*slot`
 * moves behind it. 0: there is none. Connections may come and go in between.
 */
conn_name server_next(const struct server *server, uint32_t *slot);

/* The same among all connections of the engine. */
conn_name engine_next(const struct engine *engine, uint32_t *slot);

#endif
