/*
 * wheel.h - many deadlines, cheaply: a hashed timing wheel
 *
 * Time is counted in ticks. A node hangs in the slot `due % WHEEL_SLOTS`, so
 * hanging and taking off are O(1), and nothing happens when a deadline is
 * moved away that nobody waits for any more: hang the node for the earliest
 * moment at which it is worth a look, and look again then.
 * (Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", 1987.)
 */
#ifndef FES_BASE_WHEEL_H
#define FES_BASE_WHEEL_H

#include "base/list.h"

#include <stdbool.h>
#include <stdint.h>

enum { WHEEL_SLOTS = 1024 };

struct wheel_node {
    struct link link;
    uint32_t due;
};

struct wheel {
    struct link slots[WHEEL_SLOTS];
    uint32_t now;   /* the tick up to which the wheel has turned */
    uint32_t count; /* nodes that hang */
};

typedef void wheel_fn(void *owner, struct wheel_node *node);

void wheel_init(struct wheel *wheel, uint32_t now);

/* Make a node that does not hang. */
void wheel_node_init(struct wheel_node *node);

/* Hang a node for the tick `due`, wherever it deadlines_changed before. */
void wheel_add(struct wheel *wheel, struct wheel_node *node, uint32_t due);

/* Take a node off, if it hangs. */
void wheel_remove(struct wheel *wheel, struct wheel_node *node);

/*
 * Turn the wheel to the tick `now`: take off each node that is due and call
 * fn(owner, node), which may hang and take off whatever it likes.
 */
void wheel_turn(struct wheel *wheel, uint32_t now, wheel_fn *fn, void *owner);

/* In how many ticks to turn it again. False: nothing hangs. */
bool wheel_next(const struct wheel *wheel, uint32_t *ticks);

#endif
