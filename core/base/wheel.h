/*
 * wheel.h - a hashed timing wheel: many coarse deadlines, cheaply
 *
 * Time is counted in ticks, in 32 bits that may wrap around: a deadline is less
 * than 2^31 ticks away. A node is in the slot `due % WHEEL_SLOTS`, so adding
 * and removing are O(1). When a deadline moves to a later tick, the owner can
 * leave the node where it is, check the deadline when the node comes due, and
 * add the node again.
 * Source: Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", 1987.
 */
#ifndef FES_BASE_WHEEL_H
#define FES_BASE_WHEEL_H

#include "base/list.h"

#include <stdbool.h>
#include <stdint.h>

enum { WHEEL_SLOTS = 1024 };

struct wheel_node {
    struct link link; /* in its slot */
    uint32_t due;     /* tick */
};

struct wheel {
    struct link slots[WHEEL_SLOTS];
    uint32_t now;   /* the last tick whose slot was visited */
    uint32_t count; /* nodes on the wheel */
};

typedef void wheel_fn(void *owner, struct wheel_node *node);

/* Initialize an empty wheel at the tick `now`. */
void wheel_init(struct wheel *wheel, uint32_t now);

/* Initialize a node that is on no wheel. */
void wheel_node_init(struct wheel_node *node);

/*
 * Add a node for the tick `due`, or move it there if it is on the wheel. If
 * `due` is not after the current tick, the node is due at the next tick.
 */
void wheel_add(struct wheel *wheel, struct wheel_node *node, uint32_t due);

/* Remove a node. Does nothing if the node is not on the wheel. */
void wheel_remove(struct wheel *wheel, struct wheel_node *node);

/*
 * Turn the wheel to the tick `now`: remove each node that is due and call
 * fn(owner, node) for it. `fn` may add and remove any nodes, this one included.
 */
void wheel_turn(struct wheel *wheel, uint32_t now, wheel_fn *fn, void *owner);

/*
 * Set `*ticks` to the ticks from now until the next slot with nodes, at most
 * WHEEL_SLOTS. These nodes may be due in a later round. False: the wheel is
 * empty.
 */
bool wheel_next(const struct wheel *wheel, uint32_t *ticks);

#endif
