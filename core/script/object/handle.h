/*
 * handle.h - handles: the Lua objects of connections
 *
 * A handle is a small userdata that holds the name of a connection, never a
 * pointer to it: the engine may free the connection at any time. When the
 * connection closes, its facts and counters are copied into the handle. Fields
 * that the script sets are in a table, the handle's user value, which is
 * created when the first field is set.
 *
 * The table script.handles (slot + 1 -> handle) gives a connection the same
 * handle until it closes.
 *
 * `caller` is the name of the Lua function that error messages begin with, such
 * as "conn:send".
 */
#ifndef FES_OBJECT_HANDLE_H
#define FES_OBJECT_HANDLE_H

#include "net/command/command.h"
#include "script/object/lua_server.h"

#include <lua.h>
#include <stdbool.h>

enum { HANDLE_FIELDS = 1, HANDLE_USER_VALUES = HANDLE_FIELDS };

struct handle {
    conn_name name; /* 0: closed, and `closed` has been delivered */
    const struct lua_server *server;
};

/* A connection's facts and counters; kept in its handle once it is closed. */
struct conn_last {
    uint64_t id;
    struct address peer;
    bool resumed;
    struct server *server; /* NULL: it has been freed */
    enum reason reason;
    const char *detail; /* static, or NULL */
    struct conn_stats stats;
};

/* The handle at `index`; raises if the value there is not a handle. */
const struct handle *handle_check(lua_State *L, int index, const char *caller);

/* Likewise, its name; 0 if the connection is closed. */
conn_name handle_check_name(lua_State *L, int index, const char *caller);

/* Is the value at `index` a handle? If so `*name` is set, to 0 if closed. */
bool handle_test(lua_State *L, int index, conn_name *name);

/* Of the handle at `index`: its name (0: closed), its server, and the reason
 * and detail of its end. */
conn_name handle_name(lua_State *L, int index);
const struct lua_server *handle_server(lua_State *L, int index);
enum reason handle_reason(lua_State *L, int index, const char **detail);

/* Push the Lua object of its server; nil if the connection is outgoing. */
void handle_push_server(lua_State *L, int index);

/* The facts and counters of the connection of the handle at `index`: current
 * ones, or the last ones if it is closed. Does not raise. */
struct conn_last handle_last(lua_State *L, int index);

/* ------------------------------------------------------------------ pushing */

/* Push the handle of a connection, created if there is none. May raise. */
void handle_push(lua_State *L, conn_name name);

/* The two steps of handle_push(), for callers that may leave the table of all
 * handles on the stack: push the table; push a handle, with the table at index
 * `handles`. May raise. */
void handle_push_table(lua_State *L);
void handle_push_from(lua_State *L, int handles, conn_name name);

/* Push the handle if there is one; else push nothing and return false. Does not
 * raise, but works on the script's own state, outside of any Lua call, only. */
bool handle_push_existing(lua_State *L, conn_name name);

/* Push true, or nil and "full" or "closed"; returns the number of values. */
int handle_push_answer(lua_State *L, enum command_answer answer);

/* ------------------------------------------------------------------ closing */

/* Mark the handle as closed, if there is one. Call while the last event of the
 * connection is delivered, since its name must still be valid. May raise. */
void handle_close(lua_State *L, conn_name name);

/* Push a new handle of a closed connection; and, before it is used, set what it
 * knows of the connection. May raise. */
void handle_push_closed(lua_State *L);
void handle_set_last(lua_State *L, int index, const struct conn_last *last);

/* ------------------------------------------------------------------- fields */

/* Push the table of fields of the handle at `index`, created if there is none.
 * May raise. */
void handle_push_fields(lua_State *L, int index);

/* Push that table if there is one; else push nothing and return false. */
bool handle_push_fields_if_any(lua_State *L, int index);

/* Set a field; pops its key and, on top of the stack, its value. */
void handle_set_field(lua_State *L, int index);

#endif
