/*
 * lua_server.h - the script's side of a server: its object and its handlers
 *
 * Each server of the engine has one as its owner; so has each outgoing
 * connection, which is a server that never listens.
 */
#ifndef FES_OBJECT_LUA_SERVER_H
#define FES_OBJECT_LUA_SERVER_H

#include "net/command/server.h"
#include "script/object/handlers.h"
#include "script/vm/script.h"

#include <lua.h>
#include <stdbool.h>

struct adoption;

struct lua_server {
    struct link link; /* in script.servers */
    struct script *script;
    struct server *server;  /* NULL: it has gone */
    bool outgoing;          /* of one connection that fes.connect() made */
    int self;               /* reference of the Lua object */
    int on[HANDLERS_COUNT]; /* references of the functions, or LUA_REFNIL */
    int policy;             /* reference of the function that is its policy */
    int first_policy;       /* likewise, as given to fes.listen() */
    enum overflow first_overflow;
    struct adoption *adoption; /* of a server that this script takes over */
};

/* Push a new object, for a server that is not open yet. */
struct lua_server *lua_server_new(lua_State *L);

/* Give it the handlers and the policy from the options at index 1. */
void lua_server_set_handlers(lua_State *L, struct lua_server *lua_server);

/* The server is open: the object on top of the stack can be used. */
void lua_server_attach(lua_State *L, struct lua_server *lua_server,
                       struct server *server);

/* The server could not be opened; or (detach) it has gone. */
void lua_server_release(lua_State *L, struct lua_server *lua_server);
void lua_server_detach(lua_State *L, struct lua_server *lua_server);

/*
 * This script's side of a server, which may still be another script's: then an
 * object without handlers is made.
 */
struct lua_server *lua_server_of(lua_State *L, struct server *server);

/* The side of connections whose server has gone: it has no server. */
struct lua_server *lua_server_nowhere(lua_State *L);

/* The server whose object is at `index`, or NULL. */
struct lua_server *lua_server_test(lua_State *L, int index);

/* Push the Lua object. */
void lua_server_push(lua_State *L, const struct lua_server *lua_server);

#endif
