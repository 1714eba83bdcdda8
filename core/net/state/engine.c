#include "net/state/engine.h"

#include "base/clock.h"

#include <math.h>

uint64_t shard_read_clock(struct shard *shard)
{
    uint64_t now = clock_now();

    shard->tick =
        (uint32_t)((now - shard->born) / (CLOCK_SECOND / SHARD_TICKS));
    return now;
}

/* One more than it takes: the tick that is running has begun already. */
uint32_t shard_ticks(double seconds)
{
    double ticks = ceil(seconds * SHARD_TICKS) + 1;

    return ticks < INT32_MAX ? (uint32_t)ticks : INT32_MAX;
}

struct conn *shard_find_open(const struct shard *shard, conn_name name)
{
    struct conn *conn = conn_find(&shard->conns, name);

    return conn != NULL && conn->state == CONN_OPEN ? conn : NULL;
}

/* A connection stands in line once, so the line is as long as the table. */
void shard_tell(struct shard *shard, struct conn *conn, enum conn_flag event)
{
    uint32_t end = shard->due_first + shard->due_count;

    conn_set(conn, event);
    if (conn_has(conn, CONN_DUE))
        return;
    conn_set(conn, CONN_DUE);
    shard->due[end < shard->conns.number ? end : end - shard->conns.number] =
        conn->slot;
    shard->due_count++;
}

struct conn *shard_next_due(struct shard *shard)
{
    struct conn *conn = &shard->conns.records[shard->due[shard->due_first]];

    if (++shard->due_first == shard->conns.number)
        shard->due_first = 0;
    shard->due_count--;
    conn_clear(conn, CONN_DUE);
    return conn;
}

void shard_hang(struct shard *shard, struct conn *conn, uint32_t due)
{
    if (!link_alone(&conn->deadline.link) &&
        (int32_t)(due - conn->deadline.due) >= 0)
        return;
    wheel_hang(&shard->wheel, &conn->deadline, due);
    shard->hung = true;
}
