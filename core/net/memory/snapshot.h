/*
 * snapshot.h - the newest message of each key, in the order of last change
 *
 *     order    [ MSFT 17 ] -> [ IBM 21 ] -> [ AAPL 24 ]
 *               changed longest ago          changed last
 *
 * Each message has a number, greater than that of any message put in before. A
 * change moves its key to the end of the list. So a receiver that has all
 * messages up to some number lacks the entries with greater numbers, which are
 * the end of the list: to catch up it needs no more than that number. Messages
 * without a key share KEY_NONE.
 *
 * Messages lie unframed in cells, which all snapshots of an engine share.
 */
#ifndef FES_MEMORY_SNAPSHOT_H
#define FES_MEMORY_SNAPSHOT_H

#include "base/list.h"
#include "base/table.h"
#include "net/memory/cells.h"
#include "net/memory/key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A key and its newest message; one cell. */
struct entry {
    struct table_node node; /* in the snapshot's table */
    struct link order;      /* in the snapshot's list */
    uint64_t sequence;      /* number of the message */
    uint64_t except;        /* name of the connection it is not for, or 0 */
    uint32_t length;        /* of the message, bytes */
    uint32_t chain;         /* the key's bytes, then the message */
    uint8_t key_length;
    uint8_t key_kind;
};

struct snapshot {
    struct table keys;
    struct link order; /* of entries, the one changed last at the end */
};

void snapshot_init(struct snapshot *snapshot);

/* Drop all entries; snapshot_free() frees the table too. */
void snapshot_clear(struct cells *cells, struct snapshot *snapshot);
void snapshot_free(struct cells *cells, struct snapshot *snapshot);

static inline bool snapshot_empty(const struct snapshot *snapshot)
{
    return link_alone(&snapshot->order);
}

/* How many free cells snapshot_put() needs for a message of `length` bytes. */
uint32_t snapshot_cells_for(const struct cells *cells,
                            const struct snapshot *snapshot, struct key key,
                            size_t length);

/*
 * Make this the newest message of its key. `sequence` is greater than that of
 * any message before; the cells are mapped, and as many are free as
 * snapshot_cells_for() says. Key and bytes are copied. False: no memory for the
 * table; nothing has changed.
 */
bool snapshot_put(struct cells *cells, struct snapshot *snapshot,
                  struct key key, const void *bytes, size_t length,
                  uint64_t sequence, uint64_t except);

/* The entry of a key, or NULL. */
struct entry *snapshot_find(const struct cells *cells,
                            const struct snapshot *snapshot, struct key key);

/* Remove an entry and give back its cells. */
void snapshot_drop(struct cells *cells, struct snapshot *snapshot,
                   struct entry *entry);

/* The first entry whose number is greater than `sequence`, or NULL. */
struct entry *snapshot_after(const struct snapshot *snapshot,
                             uint64_t sequence);

/* The entry behind this one in the list, or NULL. */
struct entry *snapshot_next(const struct snapshot *snapshot,
                            const struct entry *entry);

/* Begin to read the message of an entry, with cells_next(). */
struct cell_reader snapshot_read(const struct cells *cells,
                                 const struct entry *entry);

#endif
