#include "base/wheel.h"

void wheel_init(struct wheel *wheel, uint32_t now)
{
    for (int i = 0; i < WHEEL_SLOTS; i++)
        link_init(&wheel->slots[i]);
    wheel->now = now;
    wheel->count = 0;
}

void wheel_node_init(struct wheel_node *node)
{
    link_init(&node->link);
}

void wheel_remove(struct wheel *wheel, struct wheel_node *node)
{
    if (link_alone(&node->link))
        return;
    link_out(&node->link);
    wheel->count--;
}

/* A node that is already due goes to the slot of the next tick. */
void wheel_add(struct wheel *wheel, struct wheel_node *node, uint32_t due)
{
    wheel_remove(wheel, node);
    if ((int32_t)(due - wheel->now) <= 0)
        due = wheel->now + 1;
    node->due = due;
    link_before(&wheel->slots[due % WHEEL_SLOTS], &node->link);
    wheel->count++;
}

/*
 * Call `fn` for the nodes of the current slot that are due. Nodes of a later
 * round are moved to `later` and back again, so each is visited once, whatever
 * `fn` adds to the slot or removes from it.
 */
static void run_slot(struct wheel *wheel, wheel_fn *fn, void *owner)
{
    struct link *slot = &wheel->slots[wheel->now % WHEEL_SLOTS];
    struct link later;

    link_init(&later);
    while (!link_alone(slot)) {
        struct wheel_node *node =
            link_owner(slot->next, struct wheel_node, link);

        if ((int32_t)(node->due - wheel->now) > 0) {
            link_last(&later, &node->link);
            continue;
        }
        wheel_remove(wheel, node);
        fn(owner, node);
    }
    while (!link_alone(&later))
        link_last(slot, later.next);
}

void wheel_turn(struct wheel *wheel, uint32_t now, wheel_fn *fn, void *owner)
{
    while ((int32_t)(now - wheel->now) > 0) {
        if (wheel->count == 0) {
            wheel->now = now;
            return;
        }
        wheel->now++;
        run_slot(wheel, fn, owner);
    }
}

bool wheel_next(const struct wheel *wheel, uint32_t *ticks)
{
    if (wheel->count == 0)
        return false;

    uint32_t n = 1;

    while (n < WHEEL_SLOTS &&
           link_alone(&wheel->slots[(wheel->now + n) % WHEEL_SLOTS]))
        n++;
    *ticks = n;
    return true;
}
