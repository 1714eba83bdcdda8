#include "net/shard.h"

#include "base/clock.h"

#include <math.h>

void shard_read_clock(struct shard *shard)
{
    uint64_t age = clock_now() - shard->born;

    shard->tick = (uint32_t)(age / (CLOCK_SECOND / SHARD_TICKS));
}

/* One more than it takes: the tick that is running has begun already. */
uint32_t shard_ticks(double seconds)
{
    double ticks = ceil(seconds * SHARD_TICKS) + 1;

    return ticks < INT32_MAX ? (uint32_t)ticks : INT32_MAX;
}

void shard_tell(struct shard *shard, struct conn *conn, enum conn_flag event)
{
    conn_set(conn, event);
    if (link_alone(&conn->events))
        link_before(&shard->events_due, &conn->events);
}

void shard_hang(struct shard *shard, struct conn *conn, uint32_t due)
{
    if (!link_alone(&conn->deadline.link) &&
        (int32_t)(due - conn->deadline.due) >= 0)
        return;
    wheel_hang(&shard->wheel, &conn->deadline, due);
    shard->hung = true;
}
