/*
 * handle.h - connections, as a script holds them
 *
 * A handle is a userdata of a few words: the name of a connection. The engine
 * may release the connection at any moment; the handle stays safe, and keeps
 * what was known at the end. Fields that the script gives it live in a table
 * that is made when the first is set.
 *
 * The same connection has the same handle, from a table slot + 1 -> handle.
 */
#ifndef FES_OBJECT_HANDLE_H
#define FES_OBJECT_HANDLE_H

#include "net/command/command.h"
#include "script/object/lua_server.h"

#include <lua.h>
#include <stdbool.h>

enum { HANDLE_FIELDS = 1, HANDLE_USER_VALUES = HANDLE_FIELDS };

struct handle {
    conn_name name; /* 0: closed, and the script was told so */
    const struct lua_server *server;
};

/* What a handle keeps when its connection has gone. */
struct conn_last {
    uint64_t id;
    struct address peer;
    bool resumed;
    struct server *server; /* NULL: it had none, or that has gone */
    enum reason reason;
    const char *detail;
    struct conn_stats stats;
};

/* The handle at `index`; raises, in the name of `who`, if none is there. */
const struct handle *handle_check(lua_State *L, int index, const char *who);

/* Of that handle, the name; 0 if its connection is closed. */
conn_name handle_check_name(lua_State *L, int index, const char *who);

/* Is the value at `index` a handle, and of which connection (0: closed)? */
bool handle_test(lua_State *L, int index, conn_name *name);

/* Of a handle, which is at `index`: its name; its server; why it has ended. */
conn_name handle_name(lua_State *L, int index);
const struct lua_server *handle_server(lua_State *L, int index);
enum reason handle_reason(lua_State *L, int index, const char **detail);

/* What is known of its connection, gone or not. Raises nothing. */
struct conn_last handle_last(lua_State *L, int index);

/* ------------------------------------------------------------------ pushing */

/* Push the handle of a connection. May raise. */
void handle_push(lua_State *L, conn_name name);

/* In two steps, where the table of all handles may stay on the stack: push it;
 * push what handle_push() pushes, with the table at `handles`. May raise. */
void handle_push_table(lua_State *L);
void handle_push_from(lua_State *L, int handles, conn_name name);

/* Push the handle if there is one already, from outside of any Lua call; raises
 * nothing. False: nothing is pushed. */
bool handle_push_known(lua_State *L, conn_name name);

/* true, or nil and the code of what could not be done: how many values. */
int handle_push_answer(lua_State *L, enum command_answer answer);

/* ------------------------------------------------------------------ closing */

/* The last event is being delivered: the handle keeps what it should know. */
void handle_close(lua_State *L, conn_name name);

/* Push a handle of a closed connection; and set what it keeps. */
void handle_push_closed(lua_State *L);
void handle_set_last(lua_State *L, int index, const struct conn_last *last);

/* ------------------------------------------------------------------- fields */

/* Push the table of fields, made if there was none. */
void handle_push_fields(lua_State *L, int index);

/* Push the table of fields. False: there is none, and nothing is pushed. */
bool handle_push_own(lua_State *L, int index);

/* Set a field: key and value are on top of the stack, and are taken off. */
void handle_set_own(lua_State *L, int index);

/* The function that is the connection's policy, or nil: push it; set it to the
 * value at `policy`. */
void handle_push_policy(lua_State *L, conn_name name);
void handle_set_policy(lua_State *L, int index, int policy);

#endif
