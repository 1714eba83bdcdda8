/*
 * fes.h - the module `fes`
 */
#ifndef FES_BOOT_FES_H
#define FES_BOOT_FES_H

#include <lua.h>

/* Push the module's table; for luaL_requiref(). May raise. */
int fes_open(lua_State *L);

#endif
