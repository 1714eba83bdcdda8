#include "net/state/conn.h"

#include "base/memory.h"

#include <assert.h>

bool conn_table_init(struct conn_table *table, uint32_t number)
{
    *table = (struct conn_table){.number = number, .next_id = 1};
    table->records = memory_map(number * sizeof *table->records);
    table->slow = memory_map(number * sizeof *table->slow);
    table->idle = memory_map(number * sizeof *table->idle);
    return table->records != NULL && table->slow != NULL && table->idle != NULL;
}

void conn_table_free(struct conn_table *table)
{
    memory_unmap(table->records, table->number * sizeof *table->records);
    memory_unmap(table->slow, table->number * sizeof *table->slow);
    memory_unmap(table->idle, table->number * sizeof *table->idle);
}

bool conn_table_full(const struct conn_table *table)
{
    return table->nidle == 0 && table->fresh == table->number;
}

static struct conn *take_record(struct conn_table *table)
{
    if (table->nidle > 0)
        return &table->records[table->idle[--table->nidle]];
    assert(table->fresh < table->number);

    struct conn *conn = &table->records[table->fresh];

    conn->slot = table->fresh++;
    return conn;
}

/* Resets everything but the slot and its place in a ring; the generation is one
 * more. */
struct conn *conn_new(struct conn_table *table)
{
    struct conn *conn = take_record(table);

    *conn = (struct conn){
        .slot = conn->slot,
        .generation = conn->generation + 1,
        .state = CONN_SETUP,
        .flags = conn->flags & CONN_READY,
        .fd = -1,
        .id = table->next_id++,
        .overflow = OVERFLOW_UNSET,
    };
    queue_init(&conn->queue);
    link_init(&conn->in_broadcasts);
    link_init(&conn->dirty);
    link_init(&conn->holders);
    link_init(&conn->waiting);
    wheel_node_init(&conn->deadline);
    return conn;
}

void conn_release(struct conn_table *table, struct conn *conn)
{
    conn->state = CONN_FREE;
    conn->server = NULL; /* may be freed before the record is reused */
    table->idle[table->nidle++] = conn->slot;
}

conn_name conn_name_of(const struct conn *conn)
{
    return conn_name_make(conn->slot, conn->generation);
}

struct conn *conn_find(const struct conn_table *table, conn_name name)
{
    uint32_t slot = conn_name_slot(name);
    struct conn *conn;

    if (slot >= table->fresh)
        return NULL;
    conn = &table->records[slot];
    return conn->state != CONN_FREE && conn->generation == (uint32_t)name
               ? conn
               : NULL;
}
