/*
 * script.h - the records of a script and of the program that runs it
 *
 * They lie here, below the modules that use them, since each module needs the
 * whole. A part belongs to the module whose header is named beside it.
 */
#ifndef FES_VM_SCRIPT_H
#define FES_VM_SCRIPT_H

#include "base/list.h"
#include "base/times.h"
#include "net/io/loop.h"
#include "net/io/notify.h"
#include "script/vm/config.h"
#include "script/vm/limits.h"

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

struct engine;
struct files;
struct lua_server;
struct program;
struct tasks;
struct types;

/* See stopping.h. */
struct stopping {
    bool asked;
    bool begun;
    bool over;          /* all servers are closed, as the last step */
    double seconds;     /* over which the closes are spread */
    struct timer timer; /* for the next close */
    uint64_t next;      /* when that is due (clock_now) */
    uint64_t end;       /* when the last one is due (clock_now) */
    uint32_t slot;      /* at which the search for the next one begins */
};

/* See collector.h. */
struct collector {
    uint64_t due_at;     /* bytes of the state at which a collection is due */
    bool collects;       /* one is under way, in turns that bring nothing */
    struct times pauses; /* the durations of its slices */
};

/* The indices that are always in use on the stack of script.L. */
enum {
    SCRIPT_EXPLAIN = 1, /* the message handler */
    SCRIPT_HANDLES      /* a table: slot + 1 -> the handle of a connection */
};

/* What belongs to one Lua state: a reload makes another one. References are of
 * the registry. */
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
    int state;           /* reference of the value for fes.state() */
    struct link servers; /* its lua_servers, in the order of opening */
    struct lua_server
        *for_freed;      /* of closed conns whose server is freed, or NULL */
    struct link timers;  /* that are running */
    size_t ntimers;      /* their number */
    struct tasks *tasks; /* task.h */
    bool ready;          /* it has loaded, and gets the events */
    bool over;           /* it may begin nothing: its state is being closed */
    struct stopping stopping;
};

/* See announce.h. */
struct announced {
    double bytes;         /* bound of all buffers, as announced last */
    bool store, outgoing; /* what it included: store, outgoing slab */
    bool stale;           /* servers have been added or freed since */
};

typedef struct script *new_script_fn(struct program *program);

/* What outlives reloads: the command line, the engine. */
struct program {
    const struct script_config *config;
    const char *directory; /* of the script: relative paths begin here */
    struct engine *engine;
    struct script *script; /* the one that gets the events */
    new_script_fn
        *new_script;       /* boot_new_script(), which reload/ cannot include */
    struct files *files;   /* the watched files; NULL: none */
    struct notify notify;  /* the service manager's watchdog */
    struct timer catch_up; /* when to log how many errors were left out */
    uint64_t errors;       /* of calls into Lua */
    uint64_t reloads;
    struct announced announced;
    bool reload_asked;
};

/* The script that owns the state of L, which may be any of its coroutines. */
struct script *script_of(lua_State *L);

/* The loop of its engine. */
struct loop *script_loop(const struct script *script);

/* Raise if the script is over; `caller` is the name of the Lua function. */
void script_check_open(lua_State *L, const char *caller);

/* Push, and return, the path of a file that the script named; a relative name
 * begins at the script's directory. */
const char *script_push_path(lua_State *L, const char *name);

/* Set a field of the table on top of the stack to an integer. */
void script_set_count(lua_State *L, const char *name, uint64_t value);

#endif
