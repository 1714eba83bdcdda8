#include "net/state/server.h"

#include "net/state/engine.h"

void server_add_visit(struct server *server)
{
    link_before(&server->engine->visits, &server->visit);
}

static bool is_record_of(const struct conn *conn, const struct server *server)
{
    return conn->state != CONN_FREE && conn->server == server;
}

/* The server of an outgoing connection knows the slot: no search. */
static struct conn *outgoing_record(const struct server *server)
{
    struct conn *conn = &server->engine->conns.records[server->slot];

    return is_record_of(conn, server) ? conn : NULL;
}

struct conn *server_next_record(const struct server *server,
                                struct server_place *place)
{
    const struct conn_table *table = &server->engine->conns;

    if (place->left == 0)
        return NULL;
    place->left--;
    if (server->outgoing)
        return outgoing_record(server);
    while (place->slot < table->fresh) {
        struct conn *conn = &table->records[place->slot++];

        if (is_record_of(conn, server))
            return conn;
    }
    return NULL;
}
