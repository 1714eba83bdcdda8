/*
 * lua_server.h - the script's record of a server: Lua object and handlers
 *
 * It is a userdata, and the owner of a server of the engine, to which the
 * server's events go. Each outgoing connection has a server of its own, which
 * never listens, and so one of these. During a reload both the running and the
 * loading script have one for the same server; one of them is the owner.
 *
 * A reference in the registry (`self`) keeps it until lua_server_release(). A
 * server that was closed and has lost its last connection retires: from then on
 * only the script keeps the object, which still answers, and its end is that of
 * the engine's record.
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
    struct link link; /* in script.servers, unless it has retired */
    struct script *script;
    struct server *server;  /* NULL: not open yet, freed, or collected */
    bool outgoing;          /* of one connection that fes.connect() made */
    int self;               /* reference of this userdata */
    int on[HANDLERS_COUNT]; /* references of functions, or LUA_REFNIL */
    bool kept; /* a handle that points to it may outlive its retirement */
    enum overflow first_overflow; /* the option `overflow` */
    struct adoption *adoption;    /* prepared by a script that loads, or NULL */
};

/* Push a new record, without a server and without handlers. May raise. */
struct lua_server *lua_server_new(lua_State *L);

/* Set the handlers from the table of options at index 1. May raise. */
void lua_server_set_handlers(lua_State *L, struct lua_server *lua_server);

/* The server is open: make the record, on top of the stack, an object of type
 * TYPE_SERVER, and add it to script.servers. */
void lua_server_attach(lua_State *L, struct lua_server *lua_server,
                       struct server *server);

/* Drop all references of the record, which may be collected then. Call when the
 * server could not be opened. */
void lua_server_release(lua_State *L, struct lua_server *lua_server);

/* The server has retired: nothing but the script keeps the record from now on.
 * No effect if it has done so before. */
void lua_server_retire(lua_State *L, struct lua_server *lua_server);

/* The server is freed: remove the record from script.servers and release it. */
void lua_server_detach(lua_State *L, struct lua_server *lua_server);

/*
 * This script's record of a server. If it has none, because the server is still
 * owned by the script before it, one without handlers is created. May raise.
 */
struct lua_server *lua_server_of(lua_State *L, struct server *server);

/* The record, without a server, for closed connections whose server has been
 * freed. Created when it is first needed. May raise. */
struct lua_server *lua_server_for_freed(lua_State *L);

/* The record that is at `index`, or NULL: the value there is not a server. */
struct lua_server *lua_server_test(lua_State *L, int index);

/* Push the record, which has not retired, as a Lua value. */
void lua_server_push(lua_State *L, const struct lua_server *lua_server);

#endif
