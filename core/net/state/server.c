#include "net/state/server.h"

#include "net/state/engine.h"

/* The server of an outgoing connection knows the slot: no search. */
static struct conn *outgoing_record(const struct server *server, uint32_t *slot)
{
    struct conn *conn = &server->engine->conns.records[server->slot];

    if (*slot > server->slot)
        return NULL;
    *slot = server->slot + 1;
    return conn->state != CONN_FREE && conn->server == server ? conn : NULL;
}

struct conn *server_next_record(const struct server *server, uint32_t *slot)
{
    const struct conn_table *table = &server->engine->conns;

    if (server->outgoing)
        return outgoing_record(server, slot);
    while (*slot < table->fresh) {
        struct conn *conn = &table->records[(*slot)++];

        if (conn->state != CONN_FREE && conn->server == server)
            return conn;
    }
    return NULL;
}
