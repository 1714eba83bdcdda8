#include "net/command/outgoing.h"

#include "net/serve/dial.h"
#include "net/serve/serve.h"
#include "net/state/conn_end.h"

#include <errno.h>
#include <string.h>

static struct server *new_server(struct engine *engine,
                                 const struct server_options *options,
                                 void *owner)
{
    struct server *server =
        serve_new(engine, options, owner, &engine->outgoing);

    if (server == NULL)
        return NULL;
    server->outgoing = true;
    server->closing = true; /* freed when its connection has gone */
    link_before(&engine->servers, &server->servers);
    return server;
}

/* The connection counts as an open descriptor (`open`) before it has one. */
static struct conn *new_conn(struct server *server)
{
    struct engine *engine = server->engine;
    struct conn *conn = conn_new(&engine->conns);

    conn->server = server;
    server->slot = conn->slot;
    conn->last_active = engine->tick;
    engine->open++;
    server->records_in_use++;
    return conn;
}

conn_name outgoing_open(struct engine *engine,
                        const struct server_options *options, void *owner)
{
    bool too_many = engine->open >= engine->most_open;
    struct server *server;
    struct conn *conn;

    if (conn_table_full(&engine->conns))
        return 0;
    server = new_server(engine, options, owner);
    if (server == NULL)
        return 0;
    engine->needs_cells =
        engine->needs_cells || overflow_conflates(options->overflow);
    conn = new_conn(server);
    if (too_many)
        conn_end(conn, REASON_ERROR, strerrordesc_np(EMFILE));
    else
        dial_begin(conn);
    return conn_name_of(conn);
}
