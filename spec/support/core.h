/*
 * core.h - the pieces of the core, one by one, for specs
 *
 * A Lua module made of what fes is made of. Each piece has a file of its own,
 * core_PIECE.c, and there a function that puts what it offers into the table
 * of the module. Everything checks its arguments, so that a spec that is wrong
 * raises; misuse of the pieces themselves aborts, as it does in fes.
 */
#ifndef FES_SPEC_CORE_H
#define FES_SPEC_CORE_H

#include "net/memory/pool.h"

#include <lauxlib.h>
#include <stddef.h>

/* Add what a piece offers to the module, the table on the top of the stack. */
void core_open_base(lua_State *L);
void core_open_address(lua_State *L);
void core_open_pool(lua_State *L);
void core_open_queue(lua_State *L);
void core_open_stream(lua_State *L);
void core_open_allocator(lua_State *L);

/* Make `type` the name of objects that have these methods. */
void core_new_type(lua_State *L, const char *type, const luaL_Reg *methods);

/* A new object of that type, `size` zero bytes, on the top of the stack. */
void *core_new_object(lua_State *L, const char *type, size_t size);

/* An argument that is a length, a number of things, a position. */
size_t core_check_size(lua_State *L, int arg);

/* The pool and, as light userdata, the bocket that stand there. */
struct pool *core_check_pool(lua_State *L, int arg);
struct bocket *core_check_bocket(lua_State *L, int arg);

/* "reserve", or "common", which is the default. */
enum pool_share core_opt_share(lua_State *L, int arg);

#endif
