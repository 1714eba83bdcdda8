#include "net/command/server.h"

#include "net/send/closing.h"
#include "net/serve/accept.h"
#include "net/serve/listener.h"
#include "net/serve/serve.h"
#include "net/state/engine.h"
#include "net/state/server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------ opening */

static void start_listening(struct server *server, int fd)
{
    server->listening = true;
    server->address = socket_address(fd);
    watch_init(&server->watch, fd, accept_on_readable);
    link_before(&server->engine->servers, &server->servers);
    link_before(&server->engine->listening, &server->in_listening);
    accept_update(server);
}

struct server *server_open(struct engine *engine,
                           const struct server_options *options, void *owner,
                           const char **why)
{
    struct server *server = serve_new(engine, options, owner, NULL);
    int fd;

    if (server == NULL) {
        *why = strerrordesc_np(ENOMEM);
        return NULL;
    }
    fd = listener_open(server, why);
    if (fd < 0) {
        serve_drop(server);
        return NULL;
    }
    start_listening(server, fd);
    return server;
}

/* ------------------------------------------------------------------ closing */

void server_close(struct server *server, enum reason reason, double linger)
{
    struct server_place place = server_records(server);
    struct conn *conn;

    serve_begin_closing(server);
    while ((conn = server_next_record(server, &place)) != NULL)
        closing_begin(conn, reason, linger);
}

void server_set_owner(struct server *server, void *owner)
{
    server->owner = owner;
}

void server_set_other(struct server *server, void *other)
{
    server->other = other;
}

/* The event may end connections, but no record is released meanwhile. */
void server_owner_leaves(struct server *server)
{
    struct server_place place = server_records(server);
    struct conn *conn;

    while ((conn = server_next_record(server, &place)) != NULL)
        if (!conn_has(conn, CONN_PENDING_CONNECT) || server->outgoing)
            server->engine->events.owner_leaves(
                server->owner, conn_name_of(conn), conn->reason, conn->detail);
}

void server_abandon(struct server *server)
{
    server->owner = NULL;
    serve_end_all(server);
    loop_poll_at_once(server->engine->loop);
}

/* ------------------------------------------------------------------ changes */

void server_pause(struct server *server, bool paused)
{
    server->paused = paused;
    accept_update(server);
}

void server_end_hold(struct server *server)
{
    server->end_hold = true;
    server_ask_visit(server);
}

/* ------------------------------------------------------------------ queries */

struct server_facts server_facts(const struct server *server)
{
    return (struct server_facts){
        .options = &server->options,
        .owner = server->owner,
        .other = server->other,
        .port = server->address.port,
        .connections = server_count(server) + server->setups,
        .outgoing = server->outgoing,
        .closing = server->closing,
        .gone = server->closing && server->records_in_use == 0,
        .retired = link_alone(&server->servers),
        .adopting = server->adopting,
    };
}

void server_format_address(const struct server *server, char *out, size_t size)
{
    char text[ADDRESS_TEXT_BYTES];

    if (server->options.path != NULL) {
        snprintf(out, size, "unix:%s", server->options.path);
    } else if (strcmp(server->options.host, "*") == 0) {
        snprintf(out, size, "*:%u", (unsigned)server->address.port);
    } else {
        address_format(&server->address, text);
        snprintf(out, size, "%s", text);
    }
}

uint32_t server_limit(const struct server *server)
{
    return server->limit;
}

bool server_slab_could_hold(const struct server *server, size_t length)
{
    return server_slab_holds(server, length);
}

uint32_t server_connections(const struct server *server)
{
    return server_count(server);
}

/* Connections may have come since the last call, in slots before it too, so
 * all slots are looked at, unless no connection is open. */
conn_name server_next(const struct server *server, uint32_t *slot)
{
    const struct conn_table *table = &server->engine->conns;
    uint32_t end = server_count(server) > 0 ? table->fresh : 0;

    if (server->outgoing && *slot < server->slot)
        *slot = server->slot;
    if (server->outgoing && end > server->slot)
        end = server->slot + 1;
    while (*slot < end) {
        const struct conn *conn = &table->records[(*slot)++];

        if (conn_is_open(conn) && conn->server == server)
            return conn_name_of(conn);
    }
    return 0;
}

/* -------------------------------------------------------------------- stats */

uint64_t server_memory(const struct server *server)
{
    return slab_bytes_of(server->options.bockets, server->options.size);
}

/* Servers of outgoing connections share a slab, which engine_stats() adds. */
static void add_slab(struct server_stats *stats, const struct server *server)
{
    if (server->outgoing)
        return;
    stats->bockets = stats->bockets_free = server->options.bockets;
    stats->bockets_least = server->least_free;
    if (server->pool != NULL) {
        stats->bockets_free = pool_free_count(server->pool);
        stats->bockets_least = pool_least_free(server->pool);
    }
}

struct server_stats server_stats(const struct server *server)
{
    struct server_stats stats = {
        .counters = server->counters,
        .connections = server_count(server),
        .queued = server->counters.unsent,
    };

    add_slab(&stats, server);
    return stats;
}
