/*
 * pack.h - carries plain data from one script to the next
 *
 * Plain data is nil, booleans, numbers, strings, conns, servers, topics, and
 * tables of these, both as keys and as values. Tables may be shared and cyclic,
 * but have no metatable.
 *
 * Two Lua states cannot share a table, so the data is serialized into memory of
 * C (packed.h). There are roots: the value of on_reload, and each field of each
 * connection. After each root come the tables that it reaches and that were not
 * written before. A table is written once; each other reference to it is its
 * number, so shared tables are shared again after reading.
 *
 * Tables to be written are queued, not recursed into, so data may be nested to
 * any depth.
 */
#ifndef FES_RELOAD_PACK_H
#define FES_RELOAD_PACK_H

#include "script/reload/packed.h"
#include "script/vm/call.h"

/*
 * Write to `pack`, which is all zero: what the script's on_reload function
 * returns, or nil if there is none; and the fields of its connections but
 * outgoing ones. Fields that are not plain data are left out, with one warning
 * for each name of a field. False, after logging the error: the function has
 * raised or returned what is not plain data, or there is no memory. The caller
 * frees the pack in any case.
 */
bool pack_script(struct script *script, struct pack *pack);

/*
 * Read a pack into the state of the next script: set `script->state`, and the
 * fields of connections. The pack is not changed. False, with `*failure` set:
 * not enough memory.
 */
bool unpack_script(struct script *script, const struct pack *pack,
                   struct failure *failure);

#endif
