#include "net/state/membership.h"

#include "net/state/engine.h"
#include "net/state/interest.h"
#include "net/state/pending.h"
#include "net/state/server.h"
#include "net/state/stall.h"
#include "net/state/topic.h"

#include <assert.h>

void membership_begin(struct conn *conn)
{
    struct server *server = conn->server;

    conn->state = CONN_OPEN;
    conn->next_message = server->stream.next;
    link_before(&server->broadcasts.subscribers, &conn->in_broadcasts);
    server->broadcasts.count++;
    engine_set_deadline(server->engine, conn, server->engine->tick);
    interest_update(conn);
}

/* Messages of the stream for it count as sent and discarded, or as missed. */
static void discard_pending(struct conn *conn)
{
    struct pending pending = pending_begin(conn);

    while (pending_next(&pending)) {
        if (sub_is_stalled(pending.sub)) {
            stall_withhold(&pending, pending.sub);
            continue;
        }
        counters_discard(&conn->server->counters, pending_length(&pending));
        counters_deliver(&conn->out, 1);
    }
}

void membership_end(struct conn *conn, enum reason reason, const char *detail)
{
    struct server *server = conn->server;

    assert(conn->state == CONN_OPEN);
    discard_pending(conn);
    conn->next_message = UINT64_MAX;
    server->broadcasts.count--;
    topic_uncount_subs(conn);
    inbox_clear(server->pool, &conn->inbox);
    if (server->options.maxperip > 0)
        sites_remove(&server->sites, address_site(&conn->peer));
    server_ask_visit(server); /* it may accept another one */
    conn->state = CONN_CLOSING;
    conn->reason = (uint8_t)reason;
    conn->detail = detail;
}

void membership_leave(struct conn *conn)
{
    struct channel *broadcasts = &conn->server->broadcasts;

    if (link_alone(&conn->in_broadcasts))
        return;
    stall_forget(conn);
    broadcasts->conflating -= overflow_conflates(conn->overflow);
    channel_leave(broadcasts, &conn->in_broadcasts);
    topic_detach_subs(conn);
}
