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

/* What is due already hangs where the wheel turns next. */
void wheel_add(struct wheel *wheel, struct wheel_node *node, uint32_t due)
{
    wheel_remove(wheel, node);
    if ((int32_t)(due - wheel->now) <= 0)
        due = wheel->now + 1;
    node->due = due;
    link_before(&wheel->slots[due % WHEEL_SLOTS], &node->link);
    wheel->count++;
}

/* Look at those in one slot that were there before; not due yet: hang again. */
static void turn_slot(struct wheel *wheel, wheel_fn *fn, void *owner)
{
    struct link *slot = &wheel->slots[wheel->now % WHEEL_SLOTS];
    struct link seen;

    link_init(&seen);
    while (!link_alone(slot)) {
        struct wheel_node *node =
            link_owner(slot->next, struct wheel_node, link);

        if ((int32_t)(node->due - wheel->now) > 0) {
            link_last(&seen, &node->link);
            continue;
        }
        wheel_remove(wheel, node);
        fn(owner, node);
    }
    while (!link_alone(&seen))
        link_last(slot, seen.next);
}

void wheel_turn(struct wheel *wheel, uint32_t now, wheel_fn *fn, void *owner)
{
    while ((int32_t)(now - wheel->now) > 0) {
        if (wheel->count == 0) {
            wheel->now = now;
            return;
        }
        wheel->now++;
        turn_slot(wheel, fn, owner);
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
