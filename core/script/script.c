#include "script/script.h"

#include "base/clock.h"
#include "base/log.h"
#include "net/turn.h"
#include "script/announce.h"
#include "script/collector.h"
#include "script/dispatch.h"
#include "script/servers.h"
#include "script/state.h"
#include "script/stopping.h"
#include "script/tasks.h"

#include <errno.h>
#include <lauxlib.h>
#include <libgen.h>
#include <limits.h>
#include <lualib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    DESCRIPTORS_KEPT = 32, /* for listeners, the log, the script's files */
    FEW_DESCRIPTORS = 64
};

/* ------------------------------------------------------------------ loading */

/* `arg`, as the program lua(1) makes it. */
static void set_args(lua_State *L, const struct script_config *config)
{
    lua_createtable(L, config->nargs, 1);
    lua_pushstring(L, config->file != NULL ? config->file : "-e");
    lua_rawseti(L, -2, 0);
    for (int i = 0; i < config->nargs; i++) {
        lua_pushstring(L, config->args[i]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setglobal(L, "arg");
}

/* The directory that the program is in, however it was found. */
static void push_own_directory(lua_State *L)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);

    path[length > 0 ? length : 0] = '\0';
    lua_pushstring(L, dirname(path));
}

/*
 * Modules beside the script come first, fes' own last: where they are
 * installed, then, for a program that never was, where they were built from.
 */
static void set_path(lua_State *L, const char *directory)
{
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "path");
    push_own_directory(L);
    lua_pushfstring(L, "%s/?.lua;%s/?/init.lua;%s;%s/%s/?.lua;%s", directory,
                    directory, lua_tostring(L, -2), lua_tostring(L, -1),
                    FES_LUA_FROM_BIN, FES_LUA_SOURCE);
    lua_setfield(L, -4, "path");
    lua_pop(L, 3);
}

static int load_chunk(lua_State *L, const struct script_config *config)
{
    if (config->file != NULL)
        return luaL_loadfile(L, config->file);
    return luaL_loadbuffer(L, config->code, strlen(config->code),
                           "=(command line)");
}

/* Runs inside a call of its own: whatever it raises ends the program. */
static int load_and_run(lua_State *L)
{
    const struct script_config *config = lua_touserdata(L, 1);

    set_args(L, config);
    set_path(L, script_of(L)->directory);
    if (load_chunk(L, config) != LUA_OK)
        return lua_error(L);
    if (config->check)
        return 0;
    for (int i = 0; i < config->nargs; i++)
        lua_pushstring(L, config->args[i]);
    lua_call(L, config->nargs, 0);
    return 0;
}

/* The message, and the traceback when the script itself was running. */
static bool load(struct script *script, const struct script_config *config)
{
    char *message;
    lua_CFunction fn = load_and_run;
    struct script_config copy = *config;

    if (state_run(script->L, fn, &copy, &message))
        return true;
    fprintf(stderr, "fes: %s\n", message);
    free(message);
    return false;
}

/* ------------------------------------------------------------------ running */

static void on_signal(void *owner, int number)
{
    struct shard *shard = owner;
    struct script *script = shard->script;

    loop_default_signal(shard->loop, SIGINT);
    loop_default_signal(shard->loop, SIGTERM);
    log_info("%s", strsignal(number));
    script_stop(script, 0);
}

/* Of the loop's turns each asks: is there anything left to wait for? */
static void on_turn_end(void *owner)
{
    struct script *script = owner;

    tasks_run(script);
    script_stop_if_asked(script);
    collector_look(script);
    if (!script->ready || script_has_work(script))
        return;
    if (!script->stopping.begun)
        log_info("nothing is left to wait for");
    loop_stop(script->shard->loop);
}

static void on_catch_up(struct timer *timer)
{
    struct script *script = link_owner(timer, struct script, catch_up);
    uint64_t next = log_catch_up();

    if (next != CLOCK_FAR_AWAY)
        timer_start(script->shard->loop, timer, next);
}

/* As many descriptors as the system allows. How many connections that makes. */
static uint32_t raise_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return FEW_DESCRIPTORS;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur <= DESCRIPTORS_KEPT)
        return 1;
    if (limit.rlim_cur - DESCRIPTORS_KEPT > CONN_MOST / 2)
        return CONN_MOST / 2;
    return (uint32_t)(limit.rlim_cur - DESCRIPTORS_KEPT);
}

static bool begin(struct script *script)
{
    struct events events = dispatch_events();

    link_init(&script->servers);
    timer_init(&script->catch_up, on_catch_up);
    stopping_init(&script->stopping);
    script->shard = shard_new(raise_limit(), &events, on_turn_end, script);
    if (script->shard == NULL) {
        fprintf(stderr, "fes: cannot start: %s\n", strerror(errno));
        return false;
    }
    script->L = state_new(script);
    if (script->L == NULL) {
        fprintf(stderr, "fes: cannot start: %s\n", strerror(ENOMEM));
        shard_free(script->shard);
        return false;
    }
    collector_begin(script);
    return true;
}

static void on_sigpipe(int number)
{
    (void)number; /* whoever writes is told by write(2) */
}

/*
 * Whoever read our output may go away; that must not end the server. A handler
 * and not SIG_IGN, which the script's children would inherit.
 */
static void survive_sigpipe(void)
{
    struct sigaction action = {.sa_flags = SA_RESTART};

    action.sa_handler = on_sigpipe;
    sigaction(SIGPIPE, &action, NULL);
}

static void run(struct script *script)
{
    struct loop *loop = script->shard->loop;

    loop_on_signal(loop, SIGINT, on_signal);
    loop_on_signal(loop, SIGTERM, on_signal);
    servers_announce(script);
    inherit_tell_unused(&script->shard->inherited);
    limits_enforce(&script->limits);
    script->ready = true;
    loop_hurry(loop);
    notify_ready(&script->notify, loop);
    loop_run(loop);
}

int script_main(const struct script_config *config)
{
    struct script script = {0};
    char *path = strdup(config->file != NULL ? config->file : "");

    if (path == NULL)
        return 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    survive_sigpipe();
    script.directory = dirname(path);

    int status = 1;

    if (begin(&script)) {
        if (load(&script, config)) {
            if (!config->check)
                run(&script);
            status = 0;
        }
        log_finish();
        tasks_free(&script);
        shard_free(script.shard); /* first: its timers live in the state */
        script.shard = NULL;
        state_free(&script);
    }
    free(path);
    return status;
}
