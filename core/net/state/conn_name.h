/*
 * conn_name.h - the name of a connection outside the engine
 *
 * One word: the slot of the connection's record in the upper 32 bits, the
 * generation of that slot in the lower 32. Each connection has a new
 * generation, so a name whose record was used again finds nothing (conn_find()
 * in conn.h). 0 names no connection.
 */
#ifndef FES_STATE_CONN_NAME_H
#define FES_STATE_CONN_NAME_H

#include <stdint.h>

typedef uint64_t conn_name;

enum { CONN_MOST = 1 << 24 }; /* most slots of an engine */

static inline conn_name conn_name_make(uint32_t slot, uint32_t generation)
{
    return (conn_name)slot << 32 | generation;
}

/* The slot in a name; connections that exist at once have different slots. */
static inline uint32_t conn_name_slot(conn_name name)
{
    return (uint32_t)(name >> 32);
}

#endif
