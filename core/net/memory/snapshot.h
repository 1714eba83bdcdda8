/*
 * snapshot.h - the newest message of each key, in the order of last change
 *
 *     order    [ MSFT 17 ] -> [ IBM 21 ] -> [ AAPL 24 ]
 *               changed longest ago          changed last
 *
 * Each message that is put in has a number, the next of a sequence that only
 * grows; a change moves its key to the end. So who has everything up to some
 * number lacks the end of the list from the first greater one on, and needs no
 * more than that number to catch up. A message without a key has the one key
 * that is no key.
 *
 * Messages lie unframed in cells, which the snapshots of a engine share.
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

/* What is known of a key; one cell. */
struct entry {
    struct table_node node; /* in the snapshot's table */
    struct link order;      /* in the snapshot's list */
    uint64_t sequence;      /* number of the message */
    uint64_t except;        /* name of the one it is not for, or 0 */
    uint32_t length;        /* of the message, bytes */
    uint32_t chain;         /* the key, then the message */
    uint8_t key_length;
    uint8_t key_kind;
};

struct snapshot {
    struct table keys;
    struct link order; /* entries, the one changed last at the end */
};

void snapshot_init(struct snapshot *snapshot);

/* Forget everything; and give back what the snapshot itself took. */
void snapshot_clear(struct cells *cells, struct snapshot *snapshot);
void snapshot_free(struct cells *cells, struct snapshot *snapshot);

static inline bool snapshot_empty(const struct snapshot *snapshot)
{
    return link_alone(&snapshot->order);
}

/* How many cells must be free for snapshot_put() of this key and length. */
uint32_t snapshot_cells_for(const struct cells *cells,
                            const struct snapshot *snapshot, struct key key,
                            size_t length);

/*
 * The message, numbered higher than any before, is the newest of its key. The
 * cells are there, and mapped. False: no memory for the table.
 */
bool snapshot_put(struct cells *cells, struct snapshot *snapshot,
                  struct key key, const void *bytes, size_t length,
                  uint64_t sequence, uint64_t except);

/* What is known of a key, or NULL. */
struct entry *snapshot_find(const struct cells *cells,
                            const struct snapshot *snapshot, struct key key);

/* Forget a key. */
void snapshot_drop(struct cells *cells, struct snapshot *snapshot,
                   struct entry *entry);

/* The first entry whose number is greater than `sequence`, or NULL. */
struct entry *snapshot_after(const struct snapshot *snapshot,
                             uint64_t sequence);

/* The entry behind this one, or NULL. */
struct entry *snapshot_next(const struct snapshot *snapshot,
                            const struct entry *entry);

/* Begin to read the message of an entry, with cells_next(). */
struct cell_reader snapshot_read(const struct cells *cells,
                                 const struct entry *entry);

#endif
