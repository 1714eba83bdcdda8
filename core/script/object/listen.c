#include "script/object/listen.h"

#include "net/command/adopt.h"
#include "net/io/address.h"
#include "net/serve/serve.h"
#include "script/object/framing_option.h"
#include "script/object/overflow.h"
#include "script/object/server.h"
#include "script/vm/options.h"
#include "script/vm/state.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#define WHO "fes.listen"

#define SIZE_OUTGOING 4096 /* bytes in a bocket of outgoing connections */

enum {
    MOST_BYTES = 1 << 30, /* that one connection may have waiting */
    MOST_SENDS = 4096,
    MOST_SIZE = 1 << 24,
    MOST_BOCKETS = 1 << 28,
    MOST_TOPICS = 65535 /* of one connection */
};

/* What a script gives. The engine's options are made of it. */
struct given {
    const char *host, *path, *mode;
    uint32_t port, backlog, maxaccepts, maxconnections, maxperip;
    uint32_t maxsends, maxreceives, maxmessage, size, bockets, sndbuf, rcvbuf;
    double keepalive, idle_timeout, setup_timeout, message_timeout;
    double maxage, coalesce;
    uint32_t maxqueue, maxtopics;
    bool nodelay;
    struct option_bytes header;
};

#define AT(field) offsetof(struct given, field)

/* Those of a server come first, those of a connection follow. */
static const struct option options[] = {
    {"mode", OPTION_TEXT, AT(mode), 0, 0, NULL},
    {"backlog", OPTION_INTEGER, AT(backlog), 1, 65535, NULL},
    {"maxaccepts", OPTION_INTEGER, AT(maxaccepts), 1, 65536, NULL},
    {"maxconnections", OPTION_INTEGER, AT(maxconnections), 1, CONN_MOST, NULL},
    {"maxperip", OPTION_INTEGER, AT(maxperip), 1, CONN_MOST, NULL},
    {"size", OPTION_INTEGER, AT(size), 16, MOST_SIZE, NULL},
    {"bockets", OPTION_INTEGER, AT(bockets), 1, MOST_BOCKETS, NULL},
    {"header", OPTION_BYTES, AT(header), 0, 0, NULL},
    {"host", OPTION_TEXT, AT(host), 0, 0, NULL},
    {"port", OPTION_INTEGER, AT(port), 0, 65535, NULL},
    {"path", OPTION_TEXT, AT(path), 0, 0, NULL},
    {"maxsends", OPTION_INTEGER, AT(maxsends), 1, MOST_SENDS, NULL},
    {"maxreceives", OPTION_INTEGER, AT(maxreceives), 1, MOST_SENDS, NULL},
    {"sndbuf", OPTION_INTEGER, AT(sndbuf), 0, MOST_BYTES, NULL},
    {"rcvbuf", OPTION_INTEGER, AT(rcvbuf), 0, MOST_BYTES, NULL},
    {"nodelay", OPTION_BOOLEAN, AT(nodelay), 0, 0, NULL},
    {"keepalive", OPTION_SECONDS, AT(keepalive), 0, 32767, NULL},
    {"idle_timeout", OPTION_SECONDS, AT(idle_timeout), 0.001, 1e7, NULL},
    {"setup_timeout", OPTION_SECONDS, AT(setup_timeout), 0.001, 1e7, NULL},
    {"framing", OPTION_OTHER, 0, 0, 0, NULL},
    {"maxmessage", OPTION_INTEGER, AT(maxmessage), 1, MOST_BYTES, NULL},
    {"message_timeout", OPTION_SECONDS, AT(message_timeout), 0.001, 1e7, NULL},
    {"overflow", OPTION_OTHER, 0, 0, 0, NULL},
    {"maxqueue", OPTION_INTEGER, AT(maxqueue), 1, MOST_BYTES, NULL},
    {"maxage", OPTION_SECONDS, AT(maxage), 0.001, 1e7, NULL},
    {"coalesce", OPTION_SECONDS, AT(coalesce), 0, 60, NULL},
    {"maxtopics", OPTION_INTEGER, AT(maxtopics), 0, MOST_TOPICS, NULL},
    {"on_connect", OPTION_FUNCTION, 0, 0, 0, NULL},
    {"on_receive", OPTION_FUNCTION, 0, 0, 0, NULL},
    {"on_drain", OPTION_FUNCTION, 0, 0, 0, NULL},
    {"on_lag", OPTION_FUNCTION, 0, 0, 0, NULL},
    {"on_close", OPTION_FUNCTION, 0, 0, 0, NULL},
    {"on_error", OPTION_FUNCTION, 0, 0, 0, NULL},
    {"handler", OPTION_FUNCTION, 0, 0, 0, NULL},
};

enum { OPTIONS = sizeof options / sizeof options[0], OPTIONS_OF_SERVERS = 8 };

static struct given defaults(const struct script *script)
{
    return (struct given){
        .mode = "0600",
        .backlog = 1024,
        .maxaccepts = 256,
        .maxconnections = script->engine->most_open,
        .maxsends = 16,
        .maxreceives = 16,
        .size = 4096,
        .bockets = 16384,
        .sndbuf = 65536,
        .rcvbuf = 65536,
        .keepalive = 60,
        .message_timeout = 30,
        .setup_timeout = 10,
        .nodelay = true,
        .maxtopics = 1024,
    };
}

/* Where to listen; or, `outgoing`, where to connect to. */
static void check_place(lua_State *L, const char *who,
                        const struct given *given, bool outgoing)
{
    bool every = given->host != NULL && strcmp(given->host, "*") == 0;

    if (given->path != NULL) {
        if (options_has(L, "port") || options_has(L, "host"))
            luaL_error(L, "%s: 'path' goes without 'host' and 'port'", who);
        return;
    }
    if (!options_has(L, "port") || (outgoing && given->port == 0))
        options_fail(L, who, "port",
                     outgoing ? "an integer in 1..65535"
                              : "an integer in 0..65535");
    if (given->host != NULL &&
        ((outgoing && every) || address_is_bad_literal(given->host)))
        options_fail(L, who, "host",
                     outgoing ? "an address or a name"
                              : "an address, a name or \"*\"");
}

static void check_handlers(lua_State *L, const char *who)
{
    if (options_has(L, "handler") && options_has(L, "on_receive"))
        luaL_error(L, "%s: 'handler' goes without 'on_receive'", who);
}

static unsigned check_mode(lua_State *L, const char *who,
                           const struct given *given)
{
    size_t digits = strspn(given->mode, "01234567");
    unsigned long mode = strtoul(given->mode, NULL, 8);

    if (given->mode[digits] != '\0' || mode > 0777)
        options_fail(L, who, "mode", "octal digits, as in \"0600\"");
    return (unsigned)mode;
}

static void check_sizes(lua_State *L, const char *who,
                        const struct given *given)
{
    uint64_t queue = (uint64_t)given->maxsends * given->size;
    uint64_t slab = (uint64_t)given->bockets * given->size;

    if (queue > MOST_BYTES)
        luaL_error(L, "%s: 'maxsends' * 'size' must be at most %d, got %I", who,
                   (int)MOST_BYTES, (lua_Integer)queue);
    if ((uint64_t)given->maxreceives * given->size > MOST_BYTES)
        luaL_error(L, "%s: 'maxreceives' * 'size' must be at most %d, got %I",
                   who, (int)MOST_BYTES,
                   (lua_Integer)given->maxreceives * given->size);
    if (given->header.length > queue || given->header.length > slab)
        luaL_error(L,
                   "%s: 'header' must fit in 'maxsends' * 'size' and in "
                   "'bockets' * 'size' bytes, got %I bytes",
                   who, (lua_Integer)given->header.length);
}

static enum overflow read_overflow(lua_State *L, const char *who)
{
    enum overflow overflow;

    lua_getfield(L, 1, "overflow");
    if (!lua_isnil(L, -1) && !lua_isfunction(L, -1) &&
        policy_named(L, -1) == OVERFLOW_UNSET)
        options_fail(L, who, "overflow",
                     "\"close\", \"drop\", \"latest\" or a function");
    overflow = policy_check(L, -1, who);
    lua_pop(L, 1);
    return overflow != OVERFLOW_UNSET ? overflow : OVERFLOW_CLOSE;
}

static struct server_options engine_options(lua_State *L, const char *who,
                                            const struct given *given)
{
    const char *host = given->host != NULL ? given->host : "127.0.0.1";
    uint64_t received = (uint64_t)given->maxreceives * given->size;
    struct framing framing = framing_option_read(L, who);

    return (struct server_options){
        .host = given->path == NULL ? host : NULL,
        .port = (uint16_t)given->port,
        .path = given->path != NULL ? script_push_path(L, given->path) : NULL,
        .mode = check_mode(L, who, given),
        .socket = {.backlog = (int)given->backlog,
                   .sndbuf = (int)given->sndbuf,
                   .rcvbuf = (int)given->rcvbuf,
                   .keepalive = (int)(given->keepalive + 0.999),
                   .nodelay = given->nodelay},
        .maxaccepts = given->maxaccepts,
        .maxconnections = given->maxconnections,
        .maxperip = given->maxperip,
        .maxsends = given->maxsends,
        .maxreceives = given->maxreceives,
        .size = given->size,
        .bockets = given->bockets,
        .header = given->header.bytes,
        .header_length = given->header.length,
        .framing = framing,
        .maxmessage = framing_option_maxmessage(L, who, &framing,
                                                given->maxmessage, received),
        .message_timeout = given->message_timeout,
        .idle_timeout = given->idle_timeout,
        .setup_timeout = given->setup_timeout,
        .overflow = read_overflow(L, who),
        .maxqueue = given->maxqueue,
        .maxage = given->maxage,
        .coalesce = given->coalesce,
        .maxtopics = given->maxtopics,
        .buffered = options_has(L, "handler") != 0,
    };
}

struct server_options listen_read(lua_State *L, const char *who,
                                  uint32_t outgoing)
{
    struct given given = defaults(script_of(L));
    size_t skipped = outgoing > 0 ? OPTIONS_OF_SERVERS : 0;

    if (outgoing > 0) {
        given.size = SIZE_OUTGOING;
        given.bockets = outgoing;
        given.maxconnections = 1;
    }
    options_read(L, who, options + skipped, OPTIONS - skipped, &given);
    check_place(L, who, &given, outgoing > 0);
    check_sizes(L, who, &given);
    check_handlers(L, who);
    return engine_options(L, who, &given);
}

static void fail_to_listen(lua_State *L, const struct server_options *wanted,
                           const char *why)
{
    if (wanted->path != NULL)
        luaL_error(L, WHO ": cannot listen on unix:%s: %s", wanted->path, why);
    luaL_error(L, WHO ": cannot listen on %s:%d: %s", wanted->host,
               (int)wanted->port, why);
}

static void check_same(lua_State *L, const char *name, uint32_t running,
                       uint32_t wanted)
{
    if (wanted != running)
        luaL_error(L,
                   WHO ": '%s' cannot change in a running server: it is %d, "
                       "got %d",
                   name, (int)running, (int)wanted);
}

/* A reload: the server is there. It is given its options at the takeover. */
static int adopt(lua_State *L, struct server *server,
                 const struct server_options *wanted)
{
    check_same(L, "size", server->options.size, wanted->size);
    check_same(L, "bockets", server->options.bockets, wanted->bockets);

    if (!adopt_has_room(server, &wanted->framing))
        return luaL_error(L,
                          WHO ": connections keep their 'framing': these have "
                              "%d framings already, besides the server's",
                          (int)OLD_FRAMINGS);

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
int l_listen(lua_State *L)
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
        return adopt(L, server, &wanted);
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
