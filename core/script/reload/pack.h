/*
 * pack.h - plain data of one script, written down for the next one
 *
 * Plain are nil, booleans, numbers, strings, conns, servers, topics, and tables
 * of these without a metatable, as keys too, shared and cyclic ones. Two Lua
 * states cannot share a table, so what is carried over is written down in C's
 * memory: roots (the value of on_reload, a field of a connection), and behind
 * each root the tables that it reaches and none before it did. A table is
 * written once and named by its number from then on: so what was one table
 * is one table again.
 *
 * Recursion is a list of tables that are still to be written: data may be as
 * deep as it likes.
 */
#ifndef FES_RELOAD_PACK_H
#define FES_RELOAD_PACK_H

#include "script/reload/packed.h"
#include "script/vm/call.h"

/*
 * Write down what a script leaves: what its on_reload function gives, and the
 * fields of its connections. Fields that are not plain stay behind, with a
 * warning for each of their names. False, and it has been logged: the
 * function has raised, or has given what is not plain.
 */
bool pack_script(struct script *script, struct pack *pack);

/*
 * Read it into the state of another script: set `script->state`, and the
 * fields of its connections. False, and `*failure`: not enough memory.
 */
bool unpack_script(struct script *script, const struct pack *pack,
                   struct failure *failure);

#endif
