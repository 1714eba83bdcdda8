/*
 * conn.h - connections, as a script sees them: handles
 *
 * A handle is a userdata of a few words: the name of a connection. The engine
 * may let go of a connection at any moment; the handle stays safe, and says
 * what it knew at the end. Fields that the script gives it live in a table
 * that is made when the first is set.
 */
#ifndef FES_OBJECT_CONN_H
#define FES_OBJECT_CONN_H

#include "net/command/command.h"
#include "net/state/conn.h"
#include "net/state/engine.h"
#include "script/object/server.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>

enum { CONN_TEXT_BYTES = ADDRESS_TEXT_BYTES + 32 };

/* Push the handle of a connection, the same one every time. May raise. */
void conn_push(lua_State *L, conn_name name);

/* In two steps, where the table of all handles may stay on the stack: push it;
 * push what conn_push() pushes, with the table at `handles`. May raise. */
void conn_push_handles(lua_State *L);
void conn_push_of(lua_State *L, int handles, conn_name name);

/* Push its handle if there is one already; raises nothing. From outside of any
 * call of Lua. False: nothing is pushed. */
bool conn_push_known(lua_State *L, conn_name name);

/* "conn 17 (127.0.0.1:50123)" into `out`, which has room for CONN_TEXT_BYTES.
 */
void conn_describe(const struct engine *engine, conn_name name, char *out);

/* Its last event is being told: let the handle keep what it should know. */
void conn_gone(lua_State *L, conn_name name);

/* true, or nil and a code for what the world refused: pushed; how many. */
int conn_push_answer(lua_State *L, enum command_answer answer);

/* Give handles more methods. */
void conn_add_methods(lua_State *L, const luaL_Reg *methods);

/* Push the function that is the policy of a connection, or nil. */
void conn_push_policy(lua_State *L, conn_name name);

/* What a handle says when its connection has gone. */
struct conn_last {
    uint64_t id;
    struct address peer;
    bool resumed;
    struct server *server; /* NULL: it had none, or that has gone */
    enum reason reason;
    const char *detail;
    struct conn_stats stats;
};

/*
 * For pack.h. Is the value at `index` a handle, and of which connection (0: a
 * closed one)? What does a handle say; raises nothing.
 */
bool conn_test(lua_State *L, int index, conn_name *name);
struct conn_last conn_last(lua_State *L, int index);

/* Push a handle of a closed connection; and give it what it says. */
void conn_push_closed(lua_State *L);
void conn_set_last(lua_State *L, int index, const struct conn_last *last);

/* Push the table of the script's own fields. False: there is none, nor is
 * anything pushed. */
bool conn_push_own(lua_State *L, int index);

/* Set an own field: key and value are on top of the stack, and taken off. */
void conn_set_own(lua_State *L, int index);

/* The name in the handle at `index`, or 0 if that is no open connection's. */
conn_name conn_check(lua_State *L, int index, const char *who);

/* Of a handle, which is at `index`: the name; the server; why it has ended. */
conn_name conn_name_at(lua_State *L, int index);
const struct lua_server *conn_served(lua_State *L, int index);
enum reason conn_reason(lua_State *L, int index, const char **detail);

#endif
