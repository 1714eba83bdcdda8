/*
 * list.h - a circle of links that live inside what they link
 *
 * A list is a link that stands for nobody: its neighbours are the first and
 * the last item. A link that is in no list points at itself, so taking it out
 * a second time is harmless. Nothing is allocated; every verb is O(1).
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

/* The struct of `type` whose member `member` is `link`. */
#define link_owner(link, type, member) \
    ((type *)((uintptr_t)(link)-offsetof(type, member)))

/* Make an empty list, or a link that is in no list. */
static inline void link_init(struct link *link)
{
    link->next = link->prev = link;
}

/* Is this list empty; is this link in no list? */
static inline bool link_alone(const struct link *link)
{
    return link->next == link;
}

/* Put a link that is in no list before `place`; before a list: at its end. */
static inline void link_before(struct link *place, struct link *link)
{
    link->prev = place->prev;
    link->next = place;
    place->prev->next = link;
    place->prev = link;
}

/* Take a link out of the list that it is in, if any. */
static inline void link_out(struct link *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    link_init(link);
}

/* Put a link at the end of `list`, wherever it was. */
static inline void link_last(struct link *list, struct link *link)
{
    link_out(link);
    link_before(list, link);
}

#endif
