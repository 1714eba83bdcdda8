#include "script/run/load.h"

#include "script/object/timer.h"
#include "script/run/files.h"
#include "script/task/tasks.h"
#include "script/vm/watchdog.h"

#include <lauxlib.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_SEARCHER = 2 }; /* index in package.searchers */

/* Set the global table `arg`, as lua(1) does. */
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

/* Push the directory of the program fes itself. */
static void push_own_directory(lua_State *L)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);

    path[length > 0 ? length : 0] = '\0';
    lua_pushstring(L, dirname(path));
}

/*
 * Set package.path: modules beside the script come first, those of fes last.
 * They are looked for where fes is installed, then, for a program that runs
 * from its build directory, in the source.
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

/* Note the file of a module for fes -w, then call the searcher, the upvalue. */
static int l_search(lua_State *L)
{
    lua_settop(L, 1);
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "searchpath");
    lua_pushvalue(L, 1);
    lua_getfield(L, 2, "path");
    lua_call(L, 2, 1);
    if (lua_isstring(L, -1))
        files_note(script_of(L)->program, lua_tostring(L, -1));
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 1);
    lua_call(L, 1, LUA_MULTRET);
    return lua_gettop(L) - 3;
}

static void watch_modules(lua_State *L)
{
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "searchers");
    lua_rawgeti(L, -1, FILE_SEARCHER);
    lua_pushcclosure(L, l_search, 1);
    lua_rawseti(L, -2, FILE_SEARCHER);
    lua_pop(L, 2);
}

static int load_chunk(lua_State *L, const struct script_config *config)
{
    if (config->file != NULL)
        return luaL_loadfile(L, config->file);
    return luaL_loadbuffer(L, config->code, strlen(config->code),
                           "=(command line)");
}

static int load_and_run(lua_State *L)
{
    struct program *program = script_of(L)->program;
    const struct script_config *config = program->config;

    set_args(L, config);
    set_path(L, program->directory);
    if (config->watch)
        watch_modules(L);
    files_note_script(program);
    if (load_chunk(L, config) != LUA_OK)
        return lua_error(L);
    if (config->check)
        return 0;
    for (int i = 0; i < config->nargs; i++)
        lua_pushstring(L, config->args[i]);
    lua_call(L, config->nargs, 0);
    return 0;
}

bool load_script(struct script *script, const char *event,
                 struct failure *failure)
{
    return call_outside(script, load_and_run, NULL, event, failure);
}

/* Finalizers may use servers and connections, but begin nothing (script.over).
 */
static void close_state(struct script *script)
{
    struct waiters *waiters = tasks_stop(script);

    script->over = true;
    watchdog_close(script->L);
    tasks_unmap(script, waiters);
}

void load_end(struct script *script)
{
    timer_end_all(script);
    close_state(script);
    allocator_end(&script->limits.allocator);
    free(script);
}
