#include "net/send/closing.h"

#include "net/send/drain.h"
#include "net/send/enqueue.h"
#include "net/state/conn_end.h"
#include "net/state/engine.h"
#include "net/state/server.h"

/* An earlier end counts. */
static void linger_until(struct conn *conn, uint32_t due)
{
    if ((int32_t)(conn->linger_due - due) > 0)
        conn->linger_due = due;
    conn->server->held_long_enough = true;
    shard_hang(conn->server->shard, conn, conn->linger_due);
}

void conn_close(struct conn *conn, enum reason reason, double linger)
{
    struct shard *shard = conn->server->shard;
    uint32_t due = shard->tick + shard_ticks(linger);

    if (linger <= 0 || conn->state == CONN_SETUP) {
        conn_reset(conn, reason);
        return;
    }
    if (conn->state == CONN_OPEN) {
        absorb(conn);
        if (conn->state != CONN_OPEN)
            return;
        conn_leave(conn, reason, NULL);
        conn_clear(conn, CONN_TELL_LAG | CONN_TELL_DRAIN);
        shard_tell(shard, conn, CONN_TELL_CLOSING);
        conn->linger_due = due;
        conn_mark_dirty(conn);
        conn_watch(conn);
        if (conn_is_dialled(conn) && conn->queue.count == 0) {
            conn_finish(conn);
            return;
        }
    }
    if (conn->state == CONN_CLOSING || conn->state == CONN_ENDED)
        linger_until(conn, due);
}
