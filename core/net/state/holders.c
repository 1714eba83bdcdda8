#include "net/state/holders.h"

#include "net/state/server.h"

void holders_update(struct conn *conn)
{
    if (conn_has(conn, CONN_BEHIND) || conn->inbox.bytes > 0)
        link_last(&conn->server->slab->holders, &conn->holders);
    else if (!link_alone(&conn->holders))
        link_out(&conn->holders);
}

void holders_wait(struct conn *conn)
{
    if (link_alone(&conn->waiting))
        link_before(&conn->server->slab->waiting, &conn->waiting);
    server_ask_visit(conn->server);
}

void holders_await_space(struct conn *conn, size_t length)
{
    if (conn->wanted < length)
        conn->wanted = (uint32_t)length;
    holders_end_promise(conn);
    holders_wait(conn);
}

void holders_promise(struct conn *conn, size_t number)
{
    holders_end_promise(conn);
    conn->promised = (uint8_t)(number < UINT8_MAX ? number : UINT8_MAX);
    conn->server->slab->promised += conn->promised;
}

void holders_end_promise(struct conn *conn)
{
    conn->server->slab->promised -= conn->promised;
    conn->promised = 0;
}
