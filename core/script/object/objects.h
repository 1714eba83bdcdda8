/*
 * objects.h - what each file of objects gives to a new Lua state
 *
 * A function NAME_open() fills in the registry, or leaves what it makes on the
 * stack; one NAME_lua...() is a function of the module `fes`, described where
 * it is defined.
 */
#ifndef FES_OBJECT_OBJECTS_H
#define FES_OBJECT_OBJECTS_H

#include <lua.h>

/* Metatables of types. Types come first; conns before their methods. */
void conn_open(lua_State *L);
void conn_control_open(lua_State *L);
void conn_send_open(lua_State *L);
void conn_receive_open(lua_State *L);
void server_open_type(lua_State *L);
void timer_open(lua_State *L);
void pool_open(lua_State *L);
void topic_open(lua_State *L);
void subscription_open(lua_State *L); /* after conns and topics */

/* Push fes.log. */
void log_open(lua_State *L);

int listen_lua(lua_State *L);
int connect_lua(lua_State *L);
int pool_lua(lua_State *L);
int topic_lua(lua_State *L);
int timer_lua_every(lua_State *L);
int timer_lua_after(lua_State *L);

#endif
