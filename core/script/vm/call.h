/*
 * call.h - the one door into a script's Lua state
 *
 * Every call from the engine into Lua goes through here, under the watchdog and
 * with a traceback for errors. So a script can be wrong in any way: that costs
 * a log entry and, as a rule, one connection, never the server.
 */
#ifndef FES_VM_CALL_H
#define FES_VM_CALL_H

#include "net/command/command.h"
#include "script/vm/script.h"

#include <lua.h>
#include <stdbool.h>

/*
 * Call fn(L) with `arg` as its light userdata, from outside any Lua call. On an
 * error: log it with its traceback, as coming from `event` (of connection
 * `name`, unless 0); push its message; return false.
 */
bool call_lua(struct script *script, lua_CFunction fn, void *arg,
              const char *event, conn_name name);

/*
 * The same in two steps, for a function that can be pushed with its arguments
 * without raising: push them in between.
 */
void call_begin(struct script *script, const char *event);
bool call_end(struct script *script, int nargs, const char *event,
              conn_name name);

/*
 * Resume a coroutine with `nargs` values that are on its stack; what it yields
 * or returns is dropped. No other call resumes a task. On an error: close the
 * coroutine, log the error as call_lua() does, with the coroutine's traceback,
 * push its message, return false.
 */
bool call_resume(struct script *script, lua_State *co, int nargs,
                 const char *event, conn_name name);

/* The text of an error; free it with call_free_failure(). */
struct failure {
    char *message;
    char *trace; /* "" if no code of the script was running */
};

/*
 * Run fn(L) with `arg` as its light userdata, and give an error to the caller
 * instead of the log: false, and `*failure` is set. `event` as for call_lua();
 * NULL: it may take any time.
 */
bool call_outside(struct script *script, lua_CFunction fn, void *arg,
                  const char *event, struct failure *failure);
void call_free_failure(struct failure *failure);

/* The message handler of all calls; it stands at SCRIPT_EXPLAIN. */
int call_explain(lua_State *L);

#endif
