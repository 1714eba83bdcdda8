#include "net/state/engine.h"

#include "base/clock.h"

#include <math.h>

#define TICK (CLOCK_SECOND / ENGINE_TICKS)

/* Ticks of an absence that count as any others. Turns of a busy program are
 * shorter; and if all turns are longer, deadlines come late, but do come. */
enum { ABSENCE_TICKS = 4 };

void engine_read_clock(struct engine *engine, uint64_t now, uint64_t slept)
{
    uint64_t awake = now - engine->read_at - slept;

    if (awake > ABSENCE_TICKS * TICK) {
        engine->absent += awake - ABSENCE_TICKS * TICK;
        engine->was_absent = true;
    }
    engine->read_at = now;
    engine->tick =
        (uint32_t)((now - engine->started_at - engine->absent) / TICK);
}

/* One more, because the current tick has begun already. */
uint32_t engine_ticks(double seconds)
{
    double ticks = ceil(seconds * ENGINE_TICKS) + 1;

    return ticks < INT32_MAX ? (uint32_t)ticks : INT32_MAX;
}

struct conn *engine_find_open(const struct engine *engine, conn_name name)
{
    struct conn *conn = conn_find(&engine->conns, name);

    return conn != NULL && conn->state == CONN_OPEN ? conn : NULL;
}

void engine_post(struct engine *engine, struct conn *conn, enum conn_flag event)
{
    conn_set(conn, event);
    conn_ring_put(&engine->pending, conn);
}

void engine_set_deadline(struct engine *engine, struct conn *conn, uint32_t due)
{
    if (!link_alone(&conn->deadline.link) &&
        (int32_t)(due - conn->deadline.due) >= 0)
        return;
    wheel_add(&engine->wheel, &conn->deadline, due);
    engine->deadlines_changed = true;
}
