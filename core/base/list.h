/*
 * list.h - doubly linked lists whose links are embedded in the items
 *
 *     list <-> first <-> ... <-> last <-> list
 *
 * A list is a circle of links. The list's own link is the head: it belongs to
 * no item, its `next` is the first item and its `prev` the last. A link that is
 * in no list points at itself, so removing it again does nothing. Nothing is
 * allocated, and every function is O(1).
 */
#ifndef FES_BASE_LIST_H
#define FES_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct link {
    struct link *next;
    struct link *prev;
};

/* The struct of type `type` whose member `member` `link` points to. */
#define link_owner(link, type, member) \
    ((type *)((uintptr_t)(link)-offsetof(type, member)))

/* Initialize an empty list, or a link that is in no list. */
static inline void link_init(struct link *link)
{
    link->next = link->prev = link;
}

/* For a list: is it empty? For an item's link: is it in no list? */
static inline bool link_alone(const struct link *link)
{
    return link->next == link;
}

/*
 * Insert a link that is in no list before `place`. If `place` is a list, the
 * link becomes its last.
 */
static inline void link_before(struct link *place, struct link *link)
{
    link->prev = place->prev;
    link->next = place;
    place->prev->next = link;
    place->prev = link;
}

/* Remove a link from its list. Does nothing if it is in no list. */
static inline void link_out(struct link *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    link_init(link);
}

/* Move a link to the end of `list`, from another list or from none. */
static inline void link_last(struct link *list, struct link *link)
{
    link_out(link);
    link_before(list, link);
}

#endif
