#include "base/sites.h"

#include "base/list.h"

#include <stdlib.h>

struct site {
    struct table_node node;
    uint64_t key;
    uint32_t count;    /* above 0 while it is in the table */
    struct site *next; /* while it is unused */
};

static uint64_t key_hash(uint64_t key)
{
    return table_hash(&key, sizeof key, 0);
}

static struct site *find_site(const struct sites *sites, uint64_t key)
{
    struct table_node *node = table_first(&sites->table, key_hash(key));

    for (; node != NULL; node = table_next(node)) {
        struct site *site = link_owner(node, struct site, node);

        if (site->key == key)
            return site;
    }
    return NULL;
}

uint32_t sites_count(const struct sites *sites, uint64_t key)
{
    const struct site *site = find_site(sites, key);

    return site != NULL ? site->count : 0;
}

static void push_unused(struct sites *sites, struct site *site)
{
    site->next = sites->unused;
    sites->unused = site;
}

/* An unused record, or a new one. NULL: no memory. */
static struct site *pop_unused(struct sites *sites)
{
    struct site *site = sites->unused;

    if (site == NULL)
        return malloc(sizeof *site);
    sites->unused = site->next;
    return site;
}

/* Insert a site with a count of 0. NULL: no memory. */
static struct site *new_site(struct sites *sites, uint64_t key)
{
    struct site *site = pop_unused(sites);

    if (site == NULL)
        return NULL;
    *site = (struct site){.key = key};
    if (table_put(&sites->table, &site->node, key_hash(key)))
        return site;
    push_unused(sites, site);
    return NULL;
}

bool sites_add(struct sites *sites, uint64_t key)
{
    struct site *site = find_site(sites, key);

    if (site == NULL)
        site = new_site(sites, key);
    if (site != NULL)
        site->count++;
    return site != NULL;
}

void sites_remove(struct sites *sites, uint64_t key)
{
    struct site *site = find_site(sites, key);

    if (site == NULL || --site->count > 0)
        return;
    table_take(&sites->table, &site->node);
    push_unused(sites, site);
}

static void free_site(struct table_node *node, void *context)
{
    (void)context;
    free(link_owner(node, struct site, node));
}

void sites_clear(struct sites *sites)
{
    table_remove_all(&sites->table, free_site, NULL);
    while (sites->unused != NULL)
        free(pop_unused(sites));
}
