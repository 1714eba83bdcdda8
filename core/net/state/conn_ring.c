#include "net/state/conn_ring.h"

#include "base/memory.h"

#include <assert.h>

bool conn_ring_init(struct conn_ring *ring, struct conn_table *table,
                    enum conn_flag flag)
{
    *ring = (struct conn_ring){.table = table, .flag = flag};
    ring->slots = memory_map(table->number * sizeof *ring->slots);
    return ring->slots != NULL;
}

void conn_ring_free(struct conn_ring *ring)
{
    if (ring->slots != NULL)
        memory_unmap(ring->slots, ring->table->number * sizeof *ring->slots);
}

void conn_ring_put(struct conn_ring *ring, struct conn *conn)
{
    uint32_t number = ring->table->number;
    uint32_t end = ring->first + ring->count;

    if (conn_has(conn, ring->flag))
        return;
    conn_set(conn, ring->flag);
    ring->slots[end < number ? end : end - number] = conn->slot;
    ring->count++;
}

struct conn *conn_ring_take(struct conn_ring *ring)
{
    struct conn *conn = &ring->table->records[ring->slots[ring->first]];

    assert(ring->count > 0);
    if (++ring->first == ring->table->number)
        ring->first = 0;
    ring->count--;
    conn_clear(conn, ring->flag);
    return conn;
}
