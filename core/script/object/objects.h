/*
 * objects.h - what the files of this folder add to a new Lua state
 *
 * NAME_open() creates a type, adds methods to one, or pushes a table.
 * NAME_lua() and NAME_lua_...() are functions of the module `fes`; their
 * arguments and results are described where they are defined. All of them may
 * raise.
 */
#ifndef FES_OBJECT_OBJECTS_H
#define FES_OBJECT_OBJECTS_H

#include <lua.h>

/* Types and their methods; each type before methods are added to it. */
void conn_open(lua_State *L);
void conn_control_open(lua_State *L);
void conn_send_open(lua_State *L);
void conn_receive_open(lua_State *L);
void server_open_type(lua_State *L);
void timer_open(lua_State *L);
void pool_open(lua_State *L);
void topic_open(lua_State *L);
void subscription_open(lua_State *L); /* after conns and topics */

/* Push the table fes.log. */
void log_open(lua_State *L);

/* fes.listen, connect, pool, topic, every and after. */
int listen_lua(lua_State *L);
int connect_lua(lua_State *L);
int pool_lua(lua_State *L);
int topic_lua(lua_State *L);
int timer_lua_every(lua_State *L);
int timer_lua_after(lua_State *L);

#endif
