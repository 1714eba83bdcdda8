#include "net/state/holders.h"

#include "net/state/server.h"

void holders_update(struct conn *conn)
{
    if (conn_has(conn, CONN_BEHIND) || conn->inbox.bytes > 0)
        link_last(&conn->server->slab->holders, &conn->holders);
    else if (!link_alone(&conn->holders))
        link_out(&conn->holders);
}
