/*
 * bound.h - the most memory that buffers can take, in this process and in the
 * kernel
 */
#ifndef FES_COMMAND_BOUND_H
#define FES_COMMAND_BOUND_H

#include <stdbool.h>
#include <stdint.h>

struct engine;

struct bound {
    double buffers;       /* bytes in this process: slabs, store of snapshots */
    uint64_t connections; /* that may be open at a time, of all servers */
    double kernel; /* bytes in the kernel for one connection, of the server
                      whose options allow most */
};

/* The bound for all servers that are not closing, and outgoing connections. The
 * store counts from the first topic that retains, or policy "latest", on. */
struct bound bound_of(const struct engine *engine);

/*
 * Does the store count already? Is there a slab for outgoing connections? The
 * bound rises when either becomes true.
 */
bool bound_has_store(const struct engine *engine);
bool bound_has_outgoing(const struct engine *engine);

#endif
