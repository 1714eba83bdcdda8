/*
 * server.h - fes.listen() and the servers that it gives
 */
#ifndef FES_OBJECT_SERVER_H
#define FES_OBJECT_SERVER_H

#include "net/protocol/framing.h"
#include "net/state/reason.h"
#include "net/state/server.h"
#include "script/vm/state.h"

#include <lua.h>
#include <stdbool.h>

enum handler {
    ON_CONNECT,
    ON_RECEIVE,
    ON_DRAIN,
    ON_LAG,
    ON_CLOSE,
    ON_ERROR,
    HANDLER, /* no event's: the task of each connection */
    HANDLERS
};

/* The script's side of a server: what its connections' events are for. */
struct lua_server {
    struct link link; /* in script.servers */
    struct script *script;
    struct server *server; /* NULL: it has gone */
    bool outgoing;         /* of one connection that fes.connect() made */
    int self;              /* reference of the Lua object */
    int on[HANDLERS];      /* references of the functions; LUA_REFNIL: none */
    int policy;            /* reference of the function that is its policy */
    int first_policy;      /* likewise, as given to fes.listen() */
    enum overflow first_overflow;
    struct adoption *adoption; /* of a server that this script takes over */
};

/*
 * Push a new object for a server that is not yet open; give it the handlers and
 * the policy from the options at index 1; then make it usable, once it is open,
 * or let it go.
 */
struct lua_server *lua_server_new(lua_State *L);
void lua_server_set_handlers(lua_State *L, struct lua_server *lua_server);
void lua_server_attach(lua_State *L, struct lua_server *lua_server,
                       struct server *server);
void lua_server_release(lua_State *L, struct lua_server *lua_server);

/* The outgoing connection has gone, and its server goes too. */
void lua_server_detach(lua_State *L, struct lua_server *lua_server);

/*
 * This script's side of a server, which may be another script's so far: then
 * an object is made that has no handlers yet.
 */
struct lua_server *lua_server_of(lua_State *L, struct server *server);

/* What serves connections whose server has gone: nothing. */
struct lua_server *lua_server_nowhere(lua_State *L);

/* The server whose object is at `index`, or NULL. */
struct lua_server *lua_server_test(lua_State *L, int index);

/* A handler's name in fes.listen(): "on_receive". */
const char *handler_name(enum handler handler);

/* Push the Lua object of a server. */
void lua_server_push(lua_State *L, const struct lua_server *lua_server);

/*
 * The data at argument `index` of `who`: a string. Numbers are strings too, as
 * everywhere in Lua. Raises if it is anything else.
 */
const char *message_check_data(lua_State *L, int index, const char *who,
                               size_t *length);

/*
 * The message in this form that carries the data at argument `index` of `who`,
 * a string. Raises if the form cannot, or if the message could never fit what
 * one connection of the server may have waiting.
 */
struct message message_check(lua_State *L, const struct server *server,
                             const struct framing *framing, int index,
                             const char *who);

/* "127.0.0.1:4242", "[::1]:4242", "*:4242" or "unix:/run/fes.sock" */
void server_format_address(const struct server *server, char *out, size_t room);

#endif
