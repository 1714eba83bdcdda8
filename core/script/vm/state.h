/*
 * state.h - the Lua state of a script, and the one door into it
 *
 * Every call from the engine into Lua goes through script_call(), so a script
 * can be wrong in any way it likes: that costs a log entry and, as a rule, one
 * connection, never the server.
 *
 * Files of this room, one for each Lua type, fill the state in: they offer a
 * function `open_...` that leaves what it opens on the stack, or in the
 * registry.
 */
#ifndef FES_VM_STATE_H
#define FES_VM_STATE_H

#include "net/io/notify.h"
#include "net/serve/serve.h"
#include "net/state/engine.h"
#include "script/vm/config.h"
#include "script/vm/limits.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

struct files;
struct lua_server;
struct tasks;
struct types;

/* See stopping.h. */
struct stopping {
    bool asked;
    bool begun;
    bool over;          /* all is closed, or about to be */
    double seconds;     /* over which the closes are spread */
    struct timer timer; /* for the next close */
    uint64_t next;      /* when that is due */
    uint64_t end;       /* when the last one is */
    uint32_t slot;      /* where to look for whom to close next */
};

/* See collector.h. */
struct collector {
    uint64_t due_at;     /* bytes of the state at which the next one begins */
    bool collects;       /* in turns that bring nothing */
    struct times pauses; /* of the loop, for that */
};

/* What stands on the stack of the state itself, for good. */
enum {
    SCRIPT_EXPLAIN = 1, /* the message handler */
    SCRIPT_HANDLES      /* a table: slot + 1 -> the handle of a connection */
};

/* One loading of the script: what is gone when another takes over. */
struct script {
    lua_State *L;
    struct program *program;
    struct engine *engine;
    struct limits limits;
    struct collector collector;
    struct types *types;
    int handles;         /* reference of the table slot + 1 -> conn handle */
    int on_stop;         /* reference of the list of functions */
    int on_reload;       /* reference of the function, or of nil */
    int state;           /* reference of what the one before has left */
    struct link servers; /* all that it ever listened on, in order */
    struct lua_server
        *nowhere;        /* of closed conns whose server has gone, or NULL */
    struct link timers;  /* that are running */
    struct tasks *tasks; /* task.h */
    bool ready;          /* it has loaded, and is in charge */
    bool over;           /* its state is being closed */
    struct stopping stopping;
};

/* See announce.h. */
struct told {
    double bytes;         /* that buffers can take, as told last */
    bool store, outgoing; /* were needed then */
    bool stale;           /* servers have come or gone since */
};

/* What stays: the command line, the engine, and who is in charge. */
struct program {
    const struct script_config *config;
    const char *directory; /* of the script: relative names begin here */
    struct engine *engine;
    struct script *script;
    struct files *files;   /* that are watched; NULL: none are */
    struct notify notify;  /* the service manager's watchdog */
    struct timer catch_up; /* for the log: equal errors left out */
    uint64_t errors;       /* of handlers and timers */
    uint64_t reloads;
    struct server_stats gone; /* of outgoing connections */
    struct told told;
    bool reload_asked;
};

/* The script that a state belongs to. */
struct script *script_of(lua_State *L);

/* Raise, in the name of `who`, if the state is being closed. */
void script_check_open(lua_State *L, const char *who);

/*
 * Make a state with the standard libraries, `fes` preloaded, and what
 * script_call() needs. NULL: no memory.
 */
struct script *script_new(struct program *program);

/*
 * Close the state, which is still good for the engine while it does so. What
 * it opened is the caller's business.
 */
void script_free(struct script *script);

/* What state_run() says of an error; each for the caller to free(). */
struct failure {
    char *message;
    char *trace; /* "" if no code of the script was running */
};

/*
 * Run fn(L) with `arg` as its light userdata, outside of any event. False: it
 * raised, and `*failure` tells. `event`: as for script_call(); NULL: it may
 * take as long as it likes.
 */
bool state_run(struct script *script, lua_CFunction fn, void *arg,
               const char *event, struct failure *failure);
void failure_free(struct failure *failure);

/*
 * Call fn(L) with `arg` as its light userdata, from outside any Lua call. On
 * an error: log it, said to come from `event` (of connection `name`, unless 0),
 * with its traceback; push its message; return false.
 */
bool script_call(struct script *script, lua_CFunction fn, void *arg,
                 const char *event, conn_name name);

/*
 * The same in two steps, for a function that can be pushed with its arguments
 * without raising: push them in between.
 */
void script_begin_call(struct script *script, const char *event);
bool script_end_call(struct script *script, int nargs, const char *event,
                     conn_name name);

/*
 * Resume a coroutine with `nargs` values that are on its stack; what it gives
 * is dropped. The one door into coroutines: no other call resumes a task. On
 * an error: close the coroutine, log the error as script_call() does, with the
 * traceback of the coroutine, push its message, return false.
 */
bool script_resume(struct script *script, lua_State *co, int nargs,
                   const char *event, conn_name name);

/* Something ended that the script may have been waiting for. */
bool script_has_work(const struct script *script);

/* Push the path of a name that the script gave, from the script's directory. */
const char *script_push_path(lua_State *L, const char *name);

/* Set a field of the table on top of the stack. */
void script_set_count(lua_State *L, const char *name, uint64_t value);

/* What fes.listen() and the like are made of; each pushes one value. */
int open_fes(lua_State *L);    /* the module table */
void open_types(lua_State *L); /* before any type */
void open_conn(lua_State *L);  /* types: metatables in the registry */
void open_server(lua_State *L);
void open_timer(lua_State *L);
void open_pool(lua_State *L);
void open_topic(lua_State *L);
void open_subscriptions(lua_State *L); /* after conn and topic */
void open_steer(lua_State *L);         /* after conn */
void open_transfer(lua_State *L);      /* after conn */
void open_task(lua_State *L);
void open_coroutine(lua_State *L); /* in place of Lua's own */
int open_log(lua_State *L);        /* fes.log */

/* The functions of the module that belong to a type. */
int l_connect(lua_State *L);
int l_listen(lua_State *L);
int l_every(lua_State *L);
int l_after(lua_State *L);
int l_pool(lua_State *L);
int l_topic(lua_State *L);
int l_spawn(lua_State *L);
int l_sleep(lua_State *L);

#endif
