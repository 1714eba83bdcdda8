/*
 * received.h - turns received data into a Lua string
 */
#ifndef FES_OBJECT_RECEIVED_H
#define FES_OBJECT_RECEIVED_H

#include "net/state/event.h"

#include <lua.h>

/* Push the bytes as one string. May raise. The bockets stay checked out. */
void received_push(lua_State *L, const struct received *data);

/* The same, outside of any Lua call, if it is certain not to raise. Otherwise
 * pushes nothing and returns false. */
bool received_push_at_once(lua_State *L, const struct received *data);

/* Check in the bockets. Each receiver of the data must do so, once. */
void received_checkin(const struct received *data);

#endif
