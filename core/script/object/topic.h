/*
 * topic.h - the Lua objects of topics
 *
 * The object of a topic is a userdata with a pointer to it. The object holds
 * the topic (topic_hold) until it is collected. There is at most one for each
 * topic.
 */
#ifndef FES_OBJECT_TOPIC_H
#define FES_OBJECT_TOPIC_H

#include "net/command/topic.h"

#include <lauxlib.h>
#include <lua.h>

/* The topic at `index`; raises if the value there is not a topic. The message
 * begins with `caller`, the name of the Lua function. */
struct topic *topic_check(lua_State *L, int index, const char *caller);

/* The topic at `index`, or NULL if there is none, or a collected one. */
struct topic *topic_test(lua_State *L, int index);

/* Push the object of a topic, created if there is none. May raise. */
void topic_push(lua_State *L, struct topic *topic);

#endif
