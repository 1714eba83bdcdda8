/*
 * bound.h - what buffers can take at most, in this process and in the kernel
 */
#ifndef FES_COMMAND_BOUND_H
#define FES_COMMAND_BOUND_H

#include <stdbool.h>
#include <stdint.h>

struct engine;

struct bound {
    double buffers; /* bytes: all slabs, and the store where it is needed */
    uint64_t connections; /* of all servers together */
    double kernel;        /* bytes, of the one that the kernel grants most */
};

/* All servers that are not closing, the outgoing slab, the retained store. */
struct bound bound_of(const struct engine *engine);

/* May topics retain messages already? Is there a slab for outgoing connections?
 * Each raises the bound when it becomes true. */
bool bound_has_store(const struct engine *engine);
bool bound_has_outgoing(const struct engine *engine);

#endif
