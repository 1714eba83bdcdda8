#include "net/command/engine.h"

#include "base/clock.h"
#include "net/command/server.h"
#include "net/io/resolve.h"
#include "net/receive/receive.h"
#include "net/run/deadline.h"
#include "net/run/deliver.h"
#include "net/run/turn.h"
#include "net/serve/serve.h"
#include "net/state/engine.h"
#include "net/state/server.h"
#include "net/state/topic.h"

#include <stdlib.h>

enum {
    DEAD_SLOTS = 1024,        /* more, for connections whose `closed` is due */
    RETAINED_BYTES = 16 << 20 /* of the store, unless a script sets another */
};

/* ------------------------------------------------------------- new and free */

/* False, with errno set: the system refuses. */
static bool init_tables(struct engine *engine, uint32_t connections)
{
    if (!conn_table_init(&engine->conns, connections + DEAD_SLOTS))
        return false;
    return conn_ring_init(&engine->pending, &engine->conns, CONN_POSTED) &&
           conn_ring_init(&engine->ready, &engine->conns, CONN_READY);
}

static void free_tables(struct engine *engine)
{
    cells_free(&engine->cells);
    conn_ring_free(&engine->pending);
    conn_ring_free(&engine->ready);
    conn_table_free(&engine->conns);
}

/* Make the loop and what it always watches. False, with errno set: refused. */
static bool init_loop(struct engine *engine)
{
    engine->loop = loop_new(turn_begin, turn_receive, turn_finish, engine);
    if (engine->loop == NULL)
        return false;
    if (hangup_init(&engine->hangups, engine->loop, receive_on_hangups))
        return true;
    loop_free(engine->loop);
    return false;
}

static void free_loop(struct engine *engine)
{
    hangup_free(&engine->hangups, engine->loop);
    loop_free(engine->loop);
}

struct engine *engine_new(uint32_t connections, const struct events *events,
                          turn_fn *turn_end, void *script)
{
    struct engine *engine = calloc(1, sizeof *engine);

    if (engine == NULL)
        return NULL;
    if (!init_loop(engine)) {
        free(engine);
        return NULL;
    }
    if (!init_tables(engine, connections)) {
        free_tables(engine);
        free_loop(engine);
        free(engine);
        return NULL;
    }
    engine->events = *events;
    engine->turn_end = turn_end;
    engine->script = script;
    engine->most_open = connections;
    engine->started_at = engine->read_at = clock_now();
    inherit_take(&engine->inherited);
    link_init(&engine->servers);
    link_init(&engine->listening);
    link_init(&engine->visits);
    link_init(&engine->unsettled);
    link_init(&engine->empty);
    link_init(&engine->evictable);
    cells_init(&engine->cells, RETAINED_BYTES);
    slab_init(&engine->outgoing);
    deadline_init(engine);
    return engine;
}

typedef void server_fn(struct server *server, void *context);

/* The function may not free the server. */
static void for_each_server(const struct engine *engine, server_fn *fn,
                            void *context)
{
    const struct link *end = &engine->servers;

    for (struct link *at = end->next; at != end; at = at->next)
        fn(link_owner(at, struct server, servers), context);
}

static void abandon(struct server *server, void *context)
{
    (void)context;
    server_abandon(server);
}

void engine_free(struct engine *engine)
{
    for_each_server(engine, abandon, NULL);
    deliver_all(engine);
    while (!link_alone(&engine->servers))
        serve_free(link_owner(engine->servers.next, struct server, servers));
    while (!link_alone(&engine->visits)) /* retired, then abandoned */
        serve_free(link_owner(engine->visits.next, struct server, visit));
    resolve_free(engine->resolver);
    slab_unmap(&engine->outgoing);
    free_loop(engine);
    topic_free_all(engine);
    free_tables(engine);
    free(engine);
}

/* ------------------------------------------------------------------ queries */

uint64_t engine_absent(const struct engine *engine)
{
    return engine->absent;
}

struct loop *engine_loop(const struct engine *engine)
{
    return engine->loop;
}

void *engine_script(const struct engine *engine)
{
    return engine->script;
}

uint32_t engine_most_connections(const struct engine *engine)
{
    return engine->most_open;
}

uint32_t engine_slots(const struct engine *engine)
{
    return engine->conns.number;
}

conn_name engine_next(const struct engine *engine, uint32_t *slot)
{
    const struct conn_table *table = &engine->conns;

    while (*slot < table->fresh) {
        const struct conn *conn = &table->records[(*slot)++];

        if (conn_is_open(conn))
            return conn_name_of(conn);
    }
    return 0;
}

/* -------------------------------------------------------------- all servers */

static void add_connections(struct server *server, void *context)
{
    uint32_t *connections = context;

    *connections += server_count(server) + server->setups;
}

uint32_t engine_connections(const struct engine *engine)
{
    uint32_t connections = 0;

    for_each_server(engine, add_connections, &connections);
    return connections;
}

/* Asked in every turn. Servers that are not in use leave the list, so one of
 * the first is in use, if any is. */
bool engine_is_in_use(const struct engine *engine)
{
    const struct link *end = &engine->servers;

    if (engine->pending.count > 0)
        return true;
    for (struct link *at = end->next; at != end; at = at->next) {
        const struct server *server = link_owner(at, struct server, servers);

        if (!server->closing || server->records_in_use > 0)
            return true;
    }
    return false;
}

static void stop_listening(struct server *server, void *context)
{
    (void)context;
    serve_stop_listening(server);
}

void engine_stop_listening(struct engine *engine)
{
    for_each_server(engine, stop_listening, NULL);
}

struct closing {
    enum reason reason;
    double linger;
};

static void close_server(struct server *server, void *context)
{
    const struct closing *closing = context;

    server_close(server, closing->reason, closing->linger);
}

void engine_close_servers(struct engine *engine, enum reason reason,
                          double linger)
{
    struct closing closing = {.reason = reason, .linger = linger};

    for_each_server(engine, close_server, &closing);
}

void engine_warn_unused(const struct engine *engine)
{
    inherit_warn_unused(&engine->inherited);
}

/* ------------------------------------------------------------------- memory */

bool engine_may_set_retained(const struct engine *engine, uint64_t bytes)
{
    return cells_may_resize(&engine->cells, bytes);
}

bool engine_set_retained(struct engine *engine, uint64_t bytes)
{
    return cells_resize(&engine->cells, bytes);
}

uint32_t engine_outgoing_bockets(const struct engine *engine)
{
    const struct pool *pool = engine->outgoing.pool;

    return pool != NULL ? (uint32_t)pool_number(pool) : 0;
}

/* -------------------------------------------------------------------- stats */

static void add_stats(struct server *server, void *context)
{
    struct server_stats *sums = context;
    struct server_stats stats = server_stats(server);

    if (server->pool != NULL)
        counters_add_stats(sums, &stats);
    else /* closed, and its slab given back */
        counters_add(&sums->counters, &stats.counters);
}

/* Servers of outgoing connections share one slab, which counts once. */
static void add_outgoing(struct server_stats *sums, const struct pool *pool)
{
    if (pool == NULL)
        return;
    sums->bockets += pool_number(pool);
    sums->bockets_free += pool_free_count(pool);
    sums->bockets_least += pool_least_free(pool);
}

struct engine_stats engine_stats(const struct engine *engine)
{
    struct engine_stats stats = {
        .servers.counters = engine->freed_counters,
        .uptime = clock_now() - engine->started_at,
        .turns = engine->turns,
        .handlers = engine->handling,
    };

    for_each_server(engine, add_stats, &stats.servers);
    add_outgoing(&stats.servers, engine->outgoing.pool);
    return stats;
}
