#include "net/send/closing.h"

#include "net/send/enqueue.h"
#include "net/send/outbox.h"
#include "net/state/conn_end.h"
#include "net/state/engine.h"
#include "net/state/interest.h"
#include "net/state/membership.h"
#include "net/state/server.h"

/* The earlier of two ends counts. Data that `coalesce` holds back is sent now:
 * the linger has begun. */
static void linger_at_most_until(struct conn *conn, uint32_t due)
{
    if ((int32_t)(conn->linger_due - due) > 0)
        conn->linger_due = due;
    conn->server->end_hold = true;
    engine_set_deadline(conn->server->engine, conn, conn->linger_due);
}

void closing_begin(struct conn *conn, enum reason reason, double linger)
{
    struct engine *engine = conn->server->engine;
    uint32_t due = engine->tick + engine_ticks(linger);

    if (linger <= 0 || conn->state == CONN_SETUP) {
        conn_end_reset(conn, reason);
        return;
    }
    if (conn->state == CONN_OPEN) {
        enqueue_pending(conn);
        if (conn->state != CONN_OPEN)
            return;
        membership_end(conn, reason, NULL);
        conn_clear(conn, CONN_PENDING_LAG | CONN_PENDING_DRAIN);
        engine_post(engine, conn, CONN_PENDING_CLOSING);
        conn->linger_due = due;
        outbox_mark_dirty(conn);
        interest_update(conn);
        if (conn_is_connecting(conn) && conn->queue.count == 0) {
            conn_end_finish(conn);
            return;
        }
    }
    if (conn->state == CONN_CLOSING || conn->state == CONN_ENDED)
        linger_at_most_until(conn, due);
}
