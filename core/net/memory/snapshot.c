#include "net/memory/snapshot.h"

#include <string.h>

_Static_assert(sizeof(struct entry) <= CELL, "an entry is one cell");

void snapshot_init(struct snapshot *snapshot)
{
    *snapshot = (struct snapshot){0};
    link_init(&snapshot->order);
}

/* --------------------------------------------------------------------- keys */

static uint64_t hash_of(struct key key)
{
    return table_hash(key.bytes, key.length, key.kind);
}

static bool has_key(const struct cells *cells, const struct entry *entry,
                    struct key key)
{
    const unsigned char *bytes = key.bytes;
    struct cell_reader reader = cells_reader(entry->chain, key.length);
    const void *part;
    size_t n;

    if (entry->key_kind != key.kind || entry->key_length != key.length)
        return false;
    while ((part = cells_next(cells, &reader, SIZE_MAX, &n)) != NULL) {
        if (memcmp(part, bytes, n) != 0)
            return false;
        bytes += n;
    }
    return true;
}

struct entry *snapshot_find(const struct cells *cells,
                            const struct snapshot *snapshot, struct key key)
{
    struct table_node *node = table_first(&snapshot->keys, hash_of(key));

    for (; node != NULL; node = table_next(node)) {
        struct entry *entry = link_owner(node, struct entry, node);

        if (has_key(cells, entry, key))
            return entry;
    }
    return NULL;
}

/* ------------------------------------------------------------------ changes */

uint32_t snapshot_cells_for(const struct cells *cells,
                            const struct snapshot *snapshot, struct key key,
                            size_t length)
{
    const struct entry *entry = snapshot_find(cells, snapshot, key);
    uint32_t needed = cells_for(key.length + length);
    uint32_t present;

    if (entry == NULL)
        return needed + 1;
    present = cells_for((size_t)entry->key_length + entry->length);
    return needed > present ? needed - present : 0;
}

static uint32_t cell_of(const struct cells *cells, const struct entry *entry)
{
    const char *first = cells_at(cells, 0);

    return (uint32_t)(((const char *)entry - first) / CELL);
}

static struct entry *new_entry(struct cells *cells, struct snapshot *snapshot,
                               struct key key)
{
    uint32_t cell = cells_take(cells);
    struct entry *entry = cells_at(cells, cell);

    *entry = (struct entry){
        .chain = CELL_NONE,
        .key_length = key.length,
        .key_kind = (uint8_t)key.kind,
    };
    link_init(&entry->order);
    if (table_put(&snapshot->keys, &entry->node, hash_of(key)))
        return entry;
    cells_give(cells, cell);
    return NULL;
}

/* A chain that has the right number of cells already is overwritten. */
static void write_chain(struct cells *cells, struct entry *entry,
                        struct key key, const void *bytes, size_t length)
{
    size_t all = key.length + length;

    if (entry->chain == CELL_NONE ||
        cells_for(all) !=
            cells_for((size_t)entry->key_length + entry->length)) {
        cells_free_chain(cells, entry->chain);
        entry->chain = cells_new_chain(cells, all);
    }
    entry->length = (uint32_t)length;

    struct cell_reader writer = cells_reader(entry->chain, all);

    cells_write(cells, &writer, key.bytes, key.length);
    cells_write(cells, &writer, bytes, length);
}

bool snapshot_put(struct cells *cells, struct snapshot *snapshot,
                  struct key key, const void *bytes, size_t length,
                  uint64_t sequence, uint64_t except)
{
    struct entry *entry = snapshot_find(cells, snapshot, key);

    if (entry == NULL)
        entry = new_entry(cells, snapshot, key);
    if (entry == NULL)
        return false;
    write_chain(cells, entry, key, bytes, length);
    entry->sequence = sequence;
    entry->except = except;
    link_last(&snapshot->order, &entry->order);
    return true;
}

void snapshot_drop(struct cells *cells, struct snapshot *snapshot,
                   struct entry *entry)
{
    table_take(&snapshot->keys, &entry->node);
    link_out(&entry->order);
    cells_free_chain(cells, entry->chain);
    cells_give(cells, cell_of(cells, entry));
}

void snapshot_clear(struct cells *cells, struct snapshot *snapshot)
{
    while (!snapshot_empty(snapshot))
        snapshot_drop(cells, snapshot,
                      link_owner(snapshot->order.next, struct entry, order));
}

void snapshot_free(struct cells *cells, struct snapshot *snapshot)
{
    snapshot_clear(cells, snapshot);
    table_clear(&snapshot->keys);
}

/* ------------------------------------------------------------------ reading */

/* Most callers lack all entries, or only the newest: look at the first entry,
 * then search from the end. */
struct entry *snapshot_after(const struct snapshot *snapshot, uint64_t sequence)
{
    const struct link *at = &snapshot->order;

    if (snapshot_empty(snapshot))
        return NULL;
    if (link_owner(at->next, struct entry, order)->sequence > sequence)
        return link_owner(at->next, struct entry, order);
    while (link_owner(at->prev, struct entry, order)->sequence > sequence)
        at = at->prev;
    return at != &snapshot->order ? link_owner(at, struct entry, order) : NULL;
}

struct entry *snapshot_next(const struct snapshot *snapshot,
                            const struct entry *entry)
{
    return entry->order.next != &snapshot->order
               ? link_owner(entry->order.next, struct entry, order)
               : NULL;
}

struct cell_reader snapshot_read(const struct cells *cells,
                                 const struct entry *entry)
{
    struct cell_reader reader =
        cells_reader(entry->chain, (size_t)entry->key_length + entry->length);
    size_t left = entry->key_length;
    size_t n;

    for (; left > 0; left -= n)
        cells_next(cells, &reader, left, &n);
    return reader;
}
