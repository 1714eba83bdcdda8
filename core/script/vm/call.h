/*
 * call.h - the one door into a script's Lua state
 *
 * Every call from the engine into Lua goes through these functions: timed by
 * the watchdog, and with a traceback for errors. An error in a script costs a
 * log entry and, as a rule, one connection, never the server.
 *
 * All are called from outside of any Lua call. `event` is what the call is for,
 * such as "on_receive": log entries begin with it. It must be a string that is
 * never freed.
 */
#ifndef FES_VM_CALL_H
#define FES_VM_CALL_H

#include "net/command/command.h"
#include "script/vm/script.h"

#include <lua.h>
#include <stdbool.h>

/*
 * Call fn(L) with `arg` as a light userdata. False: it raised; the error is
 * logged, as of connection `name` unless that is 0, and its message is pushed.
 */
bool call_lua(struct script *script, lua_CFunction fn, void *arg,
              const char *event, conn_name name);

/*
 * The same in two steps: between them, push the function and its `nargs`
 * arguments, which must not raise.
 */
void call_begin(struct script *script, const char *event);
bool call_end(struct script *script, int nargs, const char *event,
              conn_name name);

/*
 * Resume coroutine `co`, with `nargs` values from its stack; what it yields or
 * returns is discarded. Only this function resumes tasks. False: it raised; the
 * coroutine is closed, the error is logged with its traceback as by call_lua(),
 * and its message is pushed on the stack of script->L.
 */
bool call_resume(struct script *script, lua_State *co, int nargs,
                 const char *event, conn_name name);

/* An error as text; to be freed by call_free_failure(). */
struct failure {
    char *message;
    char *trace; /* "" if no Lua code of the script was running */
};

/*
 * As call_lua(), but an error is given to the caller instead of the log. False:
 * it raised, and `*failure` is set. `event` NULL: the time is not limited.
 */
bool call_outside(struct script *script, lua_CFunction fn, void *arg,
                  const char *event, struct failure *failure);
void call_free_failure(struct failure *failure);

/* The message handler of all calls; boot.c puts it at SCRIPT_EXPLAIN. */
int call_explain(lua_State *L);

#endif
