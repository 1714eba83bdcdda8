/*
 * received.h - what has come, on its way to a string
 */
#ifndef FES_OBJECT_RECEIVED_H
#define FES_OBJECT_RECEIVED_H

#include "net/state/event.h"

#include <lua.h>

/* Push the bytes as one string. May raise; the bockets stay held. */
void received_push(lua_State *L, const struct received *data);

/* The same, from outside any call of Lua, if it does not raise. False: it may,
 * and nothing is pushed. */
bool received_push_at_once(lua_State *L, const struct received *data);

/* Let go of the bockets, which whoever is handed the data must. */
void received_checkin(const struct received *data);

#endif
