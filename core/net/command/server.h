/*
 * server.h - commands: servers are opened, looked at and closed
 *
 * A server belongs to its owner, the script's object for it, from server_open()
 * to server_abandon().
 */
#ifndef FES_COMMAND_SERVER_H
#define FES_COMMAND_SERVER_H

#include "net/state/conn_name.h"
#include "net/state/counters.h"
#include "net/state/reason.h"
#include "net/state/server_options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;
struct server;

enum { SERVER_ADDRESS_BYTES = 256 }; /* of the text of any address */

/* What can be known of a server; its strings live as long as it does. */
struct server_facts {
    const struct server_options *options;
    void *owner;
    uint16_t port;        /* that it listens on, also if 0 was asked for */
    uint32_t connections; /* open, or in set-up */
    bool outgoing;        /* of one connection that fes.connect() made */
    bool closing;         /* it does not listen, its connections close */
    bool gone;            /* closing, and its last connection has gone */
    bool adopting;        /* between adopt_prepare() and commit or drop */
};

/*
 * Listen, with options that are in range; strings in them are copied. `owner`,
 * not NULL, is handed to the events of its connections. NULL and `*why`, text
 * that is good until the next call, if the system refuses.
 */
struct server *server_open(struct engine *engine,
                           const struct server_options *options, void *owner,
                           const char **why);

/*
 * Stop listening and close the connections gracefully, for `reason`, with so
 * many seconds of linger. The server remains, and tells its stats.
 */
void server_close(struct server *server, enum reason reason, double linger);

/* Give the server another owner, which has no handlers yet. */
void server_set_owner(struct server *server, void *owner);

/*
 * Call before the owner is freed, after server_close(): delivers the event
 * `owner_leaves` for each connection whose `connected` was delivered.
 */
void server_owner_leaves(struct server *server);

/* The owner is gone: end everything at once, without events. The server is
 * freed at the end of a turn. */
void server_abandon(struct server *server);

/* Stop, or go on, accepting. */
void server_pause(struct server *server, bool paused);

/* End the time for which the flush is held to gather more (`coalesce`). */
void server_flush(struct server *server);

struct server_facts server_facts(const struct server *server);

/* "127.0.0.1:4242", "[::1]:4242", "*:4242" or "unix:/run/fes.sock"; what does
 * not fit in `room` bytes is cut. */
void server_format_address(const struct server *server, char *out, size_t room);

/* The longest message, framing counted, that one connection may have waiting;
 * and whether the slab could ever hold so many bytes. */
uint32_t server_limit(const struct server *server);
bool server_holds(const struct server *server, size_t length);

/* Connections that are open. */
uint32_t server_connections(const struct server *server);

/*
 * The name of the first open connection of the server in a slot from `*slot`
 * on; `*slot` moves behind it. 0: there is none. Connections may come and go in
 * between.
 */
conn_name server_next(const struct server *server, uint32_t *slot);

/* Its figures, at the same cost for 10 and 100,000 connections. */
struct server_stats server_stats(const struct server *server);

#endif
