#include "script/object/listen.h"

#include "net/command/adopt.h"
#include "net/command/engine.h"
#include "net/io/address.h"
#include "script/object/framing_option.h"
#include "script/object/lua_server.h"
#include "script/object/objects.h"
#include "script/object/overflow.h"
#include "script/vm/options.h"
#include "script/vm/script.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#define WHO "fes.listen"

#define SIZE_OUTGOING 4096 /* bytes in a bocket of outgoing connections */

/* -------------------------------------------------------------- option rows */

/* A file mode as octal digits, as chmod(1) takes it. */
static void read_mode(lua_State *L, const char *caller, void *value)
{
    const char *given = options_word(L, -1);
    size_t digits = strspn(given, "01234567");
    unsigned long mode = strtoul(given, NULL, 8);

    if (lua_type(L, -1) != LUA_TSTRING || *given == '\0')
        options_fail(L, caller, "mode", "a string, not empty");
    if (given[digits] != '\0' || mode > 0777)
        options_fail(L, caller, "mode", "octal digits, as in \"0600\"");
    *(uint32_t *)value = (uint32_t)mode;
}

/* The option kind, and the reader of OPTION_OTHER, for each kind of the rows in
 * net/state/server_options.h. */
#define READ_INTEGER  OPTION_INTEGER, NULL
#define READ_SECONDS  OPTION_SECONDS, NULL
#define READ_BOOLEAN  OPTION_BOOLEAN, NULL
#define READ_TEXT     OPTION_TEXT, NULL
#define READ_BYTES    OPTION_BYTES, NULL
#define READ_MODE     OPTION_OTHER, read_mode
#define READ_FRAMING  OPTION_OTHER, framing_option_read
#define READ_OVERFLOW OPTION_OTHER, overflow_read

#define ROW(name, ...) ROW_OF(name, __VA_ARGS__)
#define ROW_OF(field, kind_of, fn, least, most)    \
    {.name = #field,                               \
     .kind = (kind_of),                            \
     .read = (fn),                                 \
     .at = offsetof(struct server_options, field), \
     .min = (least),                               \
     .max = (most)},
#define HANDLER_ROW(constant, field) {.name = #field, .kind = OPTION_FUNCTION},

#define ROW_OF_SERVER(name, kind, least, most, otherwise, of) \
    ROW(name, READ_##kind, least, most)
#define ROW_OF_CONNECTION(name, kind, least, most, otherwise, of) \
    ROW_IF_##of(name, kind, least, most)
#define ROW_IF_ALL(name, kind, least, most) ROW(name, READ_##kind, least, most)
#define ROW_IF_SERVERS(name, kind, least, most)

/* NOLINTNEXTLINE(bugprone-macro-parentheses): the default may be in braces */
#define DEFAULT(name, kind, least, most, otherwise, of) .name = otherwise,

static const struct option server_rows[] = {OPTIONS(ROW_OF_SERVER)
                                                HANDLERS(HANDLER_ROW)};
static const struct option connection_rows[] = {OPTIONS(ROW_OF_CONNECTION)
                                                    HANDLERS(HANDLER_ROW)};

static const struct server_options defaults = {OPTIONS(DEFAULT)};

enum {
    SERVER_ROWS = sizeof server_rows / sizeof server_rows[0],
    CONNECTION_ROWS = sizeof connection_rows / sizeof connection_rows[0]
};

/* ----------------------------------------------------------------- checking */

/* Check the address to listen on or, if `outgoing`, to connect to. */
static void check_address(lua_State *L, const char *caller,
                          const struct server_options *given, bool outgoing)
{
    bool wildcard = given->host != NULL && strcmp(given->host, "*") == 0;

    if (given->path != NULL) {
        if (options_has(L, "port") || options_has(L, "host"))
            luaL_error(L, "%s: 'path' goes without 'host' and 'port'", caller);
        return;
    }
    if (!options_has(L, "port") || (outgoing && given->port == 0))
        options_fail(L, caller, "port",
                     outgoing ? "an integer in 1..65535"
                              : "an integer in 0..65535");
    if (given->host != NULL &&
        ((outgoing && wildcard) || address_is_bad_literal(given->host)))
        options_fail(L, caller, "host",
                     outgoing ? "an address or a name"
                              : "an address, a name or \"*\"");
}

static void check_handlers(lua_State *L, const char *caller)
{
    if (options_has(L, "handler") && options_has(L, "on_receive"))
        luaL_error(L, "%s: 'handler' goes without 'on_receive'", caller);
}

static void check_sizes(lua_State *L, const char *caller,
                        const struct server_options *given)
{
    uint64_t queue = (uint64_t)given->maxsends * given->size;
    uint64_t slab = (uint64_t)given->bockets * given->size;

    if (queue > MOST_BYTES)
        luaL_error(L, "%s: 'maxsends' * 'size' must be at most %d, got %I",
                   caller, (int)MOST_BYTES, (lua_Integer)queue);
    if ((uint64_t)given->maxreceives * given->size > MOST_BYTES)
        luaL_error(L, "%s: 'maxreceives' * 'size' must be at most %d, got %I",
                   caller, (int)MOST_BYTES,
                   (lua_Integer)given->maxreceives * given->size);
    if (given->header.length > queue || given->header.length > slab)
        luaL_error(L,
                   "%s: 'header' must fit in 'maxsends' * 'size' and in "
                   "'bockets' * 'size' bytes, got %I bytes",
                   caller, (lua_Integer)given->header.length);
}

/* ------------------------------------------------------------------ reading */

/* Fill in the defaults that depend on other options or on the engine. */
static void complete(lua_State *L, const char *caller,
                     struct server_options *options)
{
    uint64_t receivable = (uint64_t)options->maxreceives * options->size;

    if (options->path != NULL)
        options->path = script_push_path(L, options->path);
    else if (options->host == NULL)
        options->host = "127.0.0.1";
    if (options->maxconnections == 0)
        options->maxconnections = engine_most_connections(script_of(L)->engine);
    options->maxmessage = framing_option_maxmessage(
        L, caller, &options->framing, options->maxmessage, receivable);
    options->buffered = options_has(L, "handler") != 0;
}

struct server_options listen_read(lua_State *L, const char *caller,
                                  uint32_t outgoing)
{
    struct server_options options = defaults;

    if (outgoing > 0) {
        options.size = SIZE_OUTGOING;
        options.bockets = outgoing;
        options.maxconnections = 1;
        options_read(L, caller, connection_rows, CONNECTION_ROWS, &options);
    } else {
        options_read(L, caller, server_rows, SERVER_ROWS, &options);
    }
    check_address(L, caller, &options, outgoing > 0);
    check_sizes(L, caller, &options);
    check_handlers(L, caller);
    complete(L, caller, &options);
    return options;
}

/* ---------------------------------------------------------------- listening */

static void fail_to_listen(lua_State *L, const struct server_options *wanted,
                           const char *why)
{
    if (wanted->path != NULL)
        luaL_error(L, WHO ": cannot listen on unix:%s: %s", wanted->path, why);
    luaL_error(L, WHO ": cannot listen on %s:%d: %s", wanted->host,
               (int)wanted->port, why);
}

static void check_unchanged(lua_State *L, const char *name, uint32_t running,
                            uint32_t wanted)
{
    if (wanted != running)
        luaL_error(L,
                   WHO ": '%s' cannot change in a running server: it is %d, "
                       "got %d",
                   name, (int)running, (int)wanted);
}

/* In a reload the server is running already. Its new options are prepared here,
 * and applied when the script takes over. */
static int adopt_running(lua_State *L, struct server *server,
                         const struct server_options *wanted)
{
    const struct server_options *running = server_facts(server).options;

    check_unchanged(L, "size", running->size, wanted->size);
    check_unchanged(L, "bockets", running->bockets, wanted->bockets);

    if (!adopt_can_keep_framings(server, &wanted->framing))
        return luaL_error(L,
                          WHO ": connections keep their 'framing': these have "
                              "%d framings already, besides the server's",
                          (int)MOST_OLD_FRAMINGS);

    struct lua_server *lua_server = lua_server_of(L, server);

    lua_server_set_handlers(L, lua_server);
    lua_server->adoption = adopt_prepare(server, wanted);
    if (lua_server->adoption == NULL)
        return luaL_error(L, WHO ": not enough memory");
    link_last(&lua_server->script->servers, &lua_server->link);
    lua_server_push(L, lua_server);
    return 1;
}

/* fes.listen { ... } -> server */
int listen_lua(lua_State *L)
{
    struct script *script = script_of(L);
    struct server_options wanted = listen_read(L, WHO, 0);
    struct server *server;
    struct lua_server *lua_server;
    const char *why;

    script_check_open(L, WHO);
    if (script->stopping.asked)
        return luaL_error(L, WHO ": fes is stopping");
    server = script->ready ? NULL : adopt_find(script->engine, &wanted);
    if (server != NULL)
        return adopt_running(L, server, &wanted);
    lua_server = lua_server_new(L);
    lua_server_set_handlers(L, lua_server);
    server = server_open(script->engine, &wanted, lua_server, &why);
    if (server == NULL) {
        lua_server_release(L, lua_server);
        fail_to_listen(L, &wanted, why);
    }
    lua_server_attach(L, lua_server, server);
    return 1;
}
