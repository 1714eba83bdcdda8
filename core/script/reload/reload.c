#include "script/reload/reload.h"

#include "base/log.h"
#include "net/command/adopt.h"
#include "script/object/lua_server.h"
#include "script/reload/defer.h"
#include "script/reload/handover.h"
#include "script/reload/pack.h"
#include "script/run/dispatch.h"
#include "script/run/load.h"
#include "script/run/stopping.h"
#include "script/task/tasks.h"
#include "script/vm/call.h"
#include "script/vm/watchdog.h"

#include <stdio.h>

/* All connections wait while a script loads, so loading has a limit. */
#define LOAD_SECONDS 10

void reload_request(struct program *program)
{
    program->reload_asked = true;
    loop_poll_at_once(script_loop(program->script));
}

/* ------------------------------------------------------------------ loading */

static void log_failure(struct program *program, const struct failure *failure)
{
    char text[1024];
    int length = snprintf(text, sizeof text, "reload: %s", failure->message);

    if (length >= (int)sizeof text)
        length = sizeof text - 1;
    log_error_trace(text, (size_t)length, failure->trace);
    program->errors++;
}

static int own_servers(lua_State *L)
{
    handover_make_records(L, lua_touserdata(L, 1));
    return 0;
}

/* The steps in the new state that run Lua code or allocate in it, and so can
 * fail. */
static bool load_next(struct program *program, struct script *next,
                      const struct pack *pack, struct failure *failure)
{
    bool loaded;

    next->limits.loads = true;
    if (!call_outside(next, defer_begin, NULL, NULL, failure) ||
        !unpack_script(next, pack, failure))
        return false;
    watchdog_limit(LOAD_SECONDS);
    loaded = load_script(next, "reload", failure) &&
             call_outside(next, own_servers, program->script, NULL, failure);
    limits_enforce(&program->script->limits, next->engine);
    return loaded;
}

/* A new script that is ready to take over, or NULL, after logging why not. */
static struct script *prepare(struct program *program)
{
    struct pack pack = {0};
    struct failure failure;
    struct script *next = NULL;

    if (pack_script(program->script, &pack)) {
        next = program->new_script(program);
        if (next == NULL)
            log_error("reload: not enough memory");
    }
    if (next != NULL && !load_next(program, next, &pack, &failure)) {
        log_failure(program, &failure);
        call_free_failure(&failure);
        handover_abandon(next);
        load_end(next);
        next = NULL;
    }
    packed_free(&pack);
    return next;
}

/* -------------------------------------------------------------- taking over */

/* Connections whose server has a `handler` get a task of the new script. */
static void spawn_handlers(struct script *script)
{
    const struct link *end = &script->servers;

    for (const struct link *at = end->next; at != end; at = at->next)
        dispatch_resume(link_owner(at, struct lua_server, link));
}

/* Nothing here may fail, since the old script cannot go on after it. */
static void take_over(struct program *program, struct script *next)
{
    struct script *old = program->script;

    handover_close_dropped(next);
    tasks_end(old);
    handover_finish(old, next);
    old->ready = false;
    program->script = next;
    next->ready = true;
    next->limits.loads = false;
    limits_enforce(&next->limits, next->engine);
    next->collector.pauses = old->collector.pauses;
    if (old->stopping.asked)
        stopping_request(next, old->stopping.seconds);
    load_end(old);
    handover_forget(next);
    defer_end(next);
    spawn_handlers(next);
}

void reload_run(struct program *program)
{
    struct script *next;

    if (!program->reload_asked)
        return;
    program->reload_asked = false;
    if (program->script->stopping.asked) {
        log_info("not reloading: fes is stopping");
        return;
    }
    log_info("reloading");
    notify_reloading();
    adopt_begin(program->engine);
    next = prepare(program);
    if (next == NULL) {
        log_error("the reload failed: the running script is kept");
    } else {
        take_over(program, next);
        program->reloads++;
        program->announced.stale = true;
        log_info("reloaded");
    }
    notify_reloaded();
    loop_poll_at_once(script_loop(program->script));
}
