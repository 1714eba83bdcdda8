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

/* Space for the text of any address, see server_format_address(). */
enum { SERVER_ADDRESS_BYTES = 256 };

/* Strings in it are valid as long as the server's options stay the same. */
struct server_facts {
    const struct server_options *options;
    void *owner;
    void *other;          /* see server_set_other() */
    uint16_t port;        /* that it listens on, also if the option is 0 */
    uint32_t connections; /* open, or in set-up */
    bool outgoing;        /* the server of one outgoing connection */
    bool closing;         /* does not listen, its connections close */
    bool gone;            /* closing, and its last connection has gone */
    bool retired;         /* gone, and `retired` has been delivered */
    bool adopting;        /* between adopt_prepare() and commit or drop */
};

/*
 * Make a server that listens, with options that are in range; strings in them
 * are copied. `owner`, not NULL, is handed to the events of its connections. If
 * the system refuses, returns NULL and sets `*why` to text that is valid until
 * the next call.
 */
struct server *server_open(struct engine *engine,
                           const struct server_options *options, void *owner,
                           const char **why);

/*
 * Stop listening and close all connections, as closing_begin() with `reason`
 * and `linger` seconds. The server stays, with its stats, until
 * server_abandon().
 */
void server_close(struct server *server, enum reason reason, double linger);

/* Give the server another owner. */
void server_set_owner(struct server *server, void *owner);

/* Note what stands for the server in a script that does not own it: one that
 * loads, or one that has handed it over. NULL: nothing. */
void server_set_other(struct server *server, void *other);

/*
 * Call before the owner is freed, after server_close(): delivers the event
 * `owner_leaves` for each connection whose `connected` was delivered.
 */
void server_owner_leaves(struct server *server);

/* The owner is gone: end all connections at once, without events. The server is
 * freed at the end of a turn. */
void server_abandon(struct server *server);

/* Stop accepting, or go on. */
void server_pause(struct server *server, bool paused);

/* Send at this turn's end what `coalesce` holds back. */
void server_end_hold(struct server *server);

struct server_facts server_facts(const struct server *server);

/* Write "127.0.0.1:4242", "[::1]:4242", "*:4242" or "unix:/run/fes.sock", cut
 * to `size` bytes including the zero. */
void server_format_address(const struct server *server, char *out, size_t size);

/* The most bytes, framing included, that one connection may have waiting; and
 * whether the slab, if it were empty, would hold `length` bytes. */
uint32_t server_limit(const struct server *server);
bool server_slab_could_hold(const struct server *server, size_t length);

/* The number of open connections. */
uint32_t server_connections(const struct server *server);

/*
 * The name of the first open connection of the server in a slot from `*slot` on
 * (0: all slots); `*slot` moves behind it. 0: there is none. Connections may
 * come and go between two calls.
 */
conn_name server_next(const struct server *server, uint32_t *slot);

/* The most bytes that its slab can take (slab_bytes_of()). */
uint64_t server_memory(const struct server *server);

/* The server's figures; the cost does not depend on the connections. */
struct server_stats server_stats(const struct server *server);

#endif
