#include "net/send/outbox.h"

#include "net/state/engine.h"
#include "net/state/holders.h"
#include "net/state/server.h"

static struct age *age_of(const struct conn *conn)
{
    return &conn->server->engine->conns.slow[conn->slot].age;
}

/* Bytes that the connection may have waiting in its present state. */
static uint32_t current_limit(const struct conn *conn)
{
    return conn_has(conn, CONN_BEHIND) ? conn->server->limit_behind
                                       : conn->server->limit;
}

void outbox_begin_age(struct conn *conn)
{
    age_begin(age_of(conn), conn->out.bytes + conn->queue.bytes,
              conn->server->engine->tick);
}

bool outbox_fits(struct conn *conn, size_t length)
{
    const struct server *server = conn->server;
    bool behind = conn_has(conn, CONN_BEHIND);

    if (behind && server->ticks.maxage > 0 &&
        outbox_age(conn) >= server->ticks.maxage)
        return false;
    return conn->queue.bytes + length <= current_limit(conn);
}

void outbox_write(struct conn *conn, const void *bytes, size_t length,
                  enum pool_share share)
{
    struct server *server = conn->server;

    if (length > 0)
        queue_write(&server->queues, &conn->queue, bytes, length,
                    &server->shared, share);
}

void outbox_note_queued(struct conn *conn)
{
    if (conn->promised > 0)
        holders_end_promise(conn);
    if (conn->queue.bytes >= current_limit(conn)) {
        conn_set(conn, CONN_REFUSED);
        conn->server->end_hold = true;
    }
    if (conn_has(conn, CONN_BEHIND))
        age_note(age_of(conn), conn->out.bytes + conn->queue.bytes,
                 conn->server->engine->tick);
}

uint32_t outbox_age(struct conn *conn)
{
    uint32_t now = conn->server->engine->tick;

    if (!conn_has(conn, CONN_BEHIND))
        return 0;
    return now - age_since(age_of(conn), conn->out.bytes, now);
}

void outbox_mark_dirty(struct conn *conn)
{
    if (conn_has(conn, CONN_DIRTY))
        return;
    conn_set(conn, CONN_DIRTY);
    link_before(&conn->server->dirty, &conn->dirty);
    server_ask_visit(conn->server);
}
