/*
 * topic.h - fes.topic() and the topics that it gives
 *
 * A topic's Lua object is a handle: the same one for the same name, as long as
 * the script holds it. When it is collected the engine is told.
 */
#ifndef FES_OBJECT_TOPIC_H
#define FES_OBJECT_TOPIC_H

#include "net/command/topic.h"

#include <lauxlib.h>
#include <lua.h>

/* The topic at `index` of `who`; raises if it is anything else. */
struct topic *topic_check(lua_State *L, int index, const char *who);

/* The topic at `index`, or NULL. */
struct topic *topic_test(lua_State *L, int index);

/* Push the object of a topic. */
void topic_push(lua_State *L, struct topic *topic);

/* Push the function that is the policy of a topic. */
void topic_push_policy(lua_State *L, struct topic *topic);

#endif
