#include "script/object/lua_server.h"

#include "script/object/type.h"

#include <lauxlib.h>

struct lua_server *lua_server_new(lua_State *L)
{
    struct lua_server *lua_server = lua_newuserdatauv(L, sizeof *lua_server, 0);

    *lua_server =
        (struct lua_server){.script = script_of(L), .self = LUA_NOREF};
    link_init(&lua_server->link);
    for (int i = 0; i < HANDLERS_COUNT; i++)
        lua_server->on[i] = LUA_REFNIL;
    lua_pushvalue(L, -1);
    lua_server->self = luaL_ref(L, LUA_REGISTRYINDEX);
    return lua_server;
}

void lua_server_set_handlers(lua_State *L, struct lua_server *lua_server)
{
    for (int i = 0; i < HANDLERS_COUNT; i++) {
        lua_getfield(L, 1, handlers_name((enum handler)i));
        lua_server->on[i] = luaL_ref(L, LUA_REGISTRYINDEX);
    }
}

void lua_server_attach(lua_State *L, struct lua_server *lua_server,
                       struct server *server)
{
    struct server_facts facts = server_facts(server);

    lua_server->server = server;
    type_set(L, TYPE_SERVER);
    lua_server->outgoing = facts.outgoing;
    lua_server->first_overflow = facts.options->overflow;
    link_last(&lua_server->script->servers, &lua_server->link);
    lua_server->script->program->announced.stale = true;
}

/* The owner, or what a script that does not own the server has for it; NULL: it
 * is the record of another script. */
static struct lua_server *of_script(struct lua_server *lua_server,
                                    const struct script *script)
{
    return lua_server != NULL && lua_server->script == script ? lua_server
                                                              : NULL;
}

struct lua_server *lua_server_of(lua_State *L, struct server *server)
{
    const struct script *script = script_of(L);
    struct server_facts facts = server_facts(server);
    struct lua_server *lua_server = of_script(facts.owner, script);

    if (lua_server == NULL)
        lua_server = of_script(facts.other, script);
    if (lua_server == NULL) {
        lua_server = lua_server_new(L);
        lua_server_attach(L, lua_server, server);
        server_set_other(server, lua_server);
        lua_pop(L, 1);
    }
    return lua_server;
}

struct lua_server *lua_server_for_freed(lua_State *L)
{
    struct script *script = script_of(L);

    if (script->for_freed == NULL) {
        script->for_freed = lua_server_new(L);
        script->for_freed->outgoing = true;
        lua_pop(L, 1);
    }
    return script->for_freed;
}

struct lua_server *lua_server_test(lua_State *L, int index)
{
    return type_test(L, index, TYPE_SERVER);
}

void lua_server_release(lua_State *L, struct lua_server *lua_server)
{
    for (int i = 0; i < HANDLERS_COUNT; i++) {
        luaL_unref(L, LUA_REGISTRYINDEX, lua_server->on[i]);
        lua_server->on[i] = LUA_REFNIL;
    }
    luaL_unref(L, LUA_REGISTRYINDEX, lua_server->self);
    lua_server->self = LUA_NOREF;
}

void lua_server_retire(lua_State *L, struct lua_server *lua_server)
{
    link_out(&lua_server->link);
    if (!lua_server->kept)
        lua_server_release(L, lua_server);
}

void lua_server_detach(lua_State *L, struct lua_server *lua_server)
{
    link_out(&lua_server->link);
    lua_server->server = NULL;
    lua_server_release(L, lua_server);
}

void lua_server_push(lua_State *L, const struct lua_server *lua_server)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, lua_server->self);
}
