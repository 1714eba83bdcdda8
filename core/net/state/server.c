#include "net/state/server.h"

#include "net/state/engine.h"

/* An outgoing connection has a server of its own, which knows its slot. */
static struct conn *only_record(const struct server *server, uint32_t *slot)
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
        return only_record(server, slot);
    while (*slot < table->fresh) {
        struct conn *conn = &table->records[(*slot)++];

        if (conn->state != CONN_FREE && conn->server == server)
            return conn;
    }
    return NULL;
}
