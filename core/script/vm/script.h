/*
 * script.h - the records of a script and of the program that runs it
 *
 * Files in folders above fill in their parts: each part names its header.
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
struct announced {
    double bytes;         /* that buffers can take, as announced last */
    bool store, outgoing; /* were needed then */
    bool stale;           /* servers have come or gone since */
};

typedef struct script *new_script_fn(struct program *program);

/* What stays over reloads: the command line, the engine, the script in charge.
 */
struct program {
    const struct script_config *config;
    const char *directory; /* of the script: relative names begin here */
    struct engine *engine;
    struct script *script;
    new_script_fn *new_script; /* boot/boot.h; set there, for reload/ */
    struct files *files;       /* that are watched; NULL: none are */
    struct notify notify;      /* the service manager's watchdog */
    struct timer catch_up;     /* for the log: equal errors left out */
    uint64_t errors;           /* of handlers and timers */
    uint64_t reloads;
    struct announced announced;
    bool reload_asked;
};

/* The script that a state belongs to. */
struct script *script_of(lua_State *L);

/* The loop of its engine. */
struct loop *script_loop(const struct script *script);

/* Raise, in the name of `who`, if the state is being closed. */
void script_check_open(lua_State *L, const char *who);

/* Push the path of a name that the script gave, from the script's directory. */
const char *script_push_path(lua_State *L, const char *name);

/* Set a field of the table on top of the stack. */
void script_set_count(lua_State *L, const char *name, uint64_t value);

#endif
