/*
 * core.h - single modules of the core as a Lua module, for specs
 *
 * Each core_PART.c adds the functions of one part of the core to the module's
 * table. All functions check their arguments, so a wrong call in a spec raises;
 * misuse of the core itself fails an assertion, as it does in fes.
 */
#ifndef FES_SPEC_CORE_H
#define FES_SPEC_CORE_H

#include "net/memory/pool.h"

#include <lauxlib.h>
#include <stddef.h>

/* Add a part's functions to the module's table, on the top of the stack. */
void core_open_base(lua_State *L);
void core_open_address(lua_State *L);
void core_open_pool(lua_State *L);
void core_open_queue(lua_State *L);
void core_open_stream(lua_State *L);
void core_open_allocator(lua_State *L);

/* Create the type `type`, of objects that have these methods. */
void core_new_type(lua_State *L, const char *type, const luaL_Reg *methods);

/* Push a new object of that type: `size` zero bytes, with one user value. */
void *core_new_object(lua_State *L, const char *type, size_t size);

/* The argument, an integer of at least 0: a length, count or position. */
size_t core_check_size(lua_State *L, int arg);

/* The argument as a pool that is not freed; as a bocket, a light userdata that
 * is not checked any further. */
struct pool *core_check_pool(lua_State *L, int arg);
struct bocket *core_check_bocket(lua_State *L, int arg);

/* The optional argument: "reserve", or "common", which is the default. */
enum pool_share core_opt_share(lua_State *L, int arg);

#endif
