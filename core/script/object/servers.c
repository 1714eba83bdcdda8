#include "script/object/servers.h"

#include "base/log.h"
#include "net/command/adopt.h"
#include "net/send/closing.h"
#include "script/object/server.h"

static struct server *server_at(const struct link *link)
{
    return link_owner(link, struct lua_server, link)->server;
}

bool servers_in_use(const struct script *script)
{
    const struct link *end = &script->servers;

    for (const struct link *at = end->next; at != end; at = at->next)
        if (!server_at(at)->closing || server_at(at)->unfinished > 0)
            return true;
    return false;
}

uint32_t servers_count(const struct script *script)
{
    const struct link *end = &script->servers;
    uint32_t count = 0;

    for (const struct link *at = end->next; at != end; at = at->next)
        count += server_count(server_at(at)) + server_at(at)->setups;
    return count;
}

static void add_stats(struct server_stats *sums,
                      const struct server_stats *stats)
{
    sums->connections += stats->connections;
    sums->accepted += stats->accepted;
    sums->accepts_paused += stats->accepts_paused;
    sums->bytes_in += stats->bytes_in;
    sums->bytes_out += stats->bytes_out;
    sums->messages_in += stats->messages_in;
    sums->messages_out += stats->messages_out;
    sums->queued += stats->queued;
    sums->missed += stats->missed;
    sums->bockets += stats->bockets;
    sums->bockets_free += stats->bockets_free;
}

void servers_forget(struct script *script, struct lua_server *lua_server)
{
    struct server_stats stats = server_stats(lua_server->server);

    add_stats(&script->program->gone, &stats);
    lua_server_detach(script->L, lua_server);
}

struct server_stats servers_stats(const struct script *script)
{
    const struct link *end = &script->servers;
    const struct pool *outgoing = script->engine->outgoing.pool;
    struct server_stats sums = script->program->gone;

    for (const struct link *at = end->next; at != end; at = at->next) {
        struct server_stats stats = server_stats(server_at(at));

        add_stats(&sums, &stats);
    }
    if (outgoing != NULL) {
        sums.bockets += pool_number(outgoing);
        sums.bockets_free += pool_free_count(outgoing);
    }
    return sums;
}

void servers_stop_listening(struct script *script)
{
    const struct link *end = &script->servers;

    for (const struct link *at = end->next; at != end; at = at->next)
        serve_stop_listening(server_at(at));
}

void servers_close(struct script *script, enum reason reason, double linger)
{
    const struct link *end = &script->servers;

    for (const struct link *at = end->next; at != end; at = at->next)
        server_close(server_at(at), reason, linger);
}

/* ------------------------------------------------------------------ reload */

static struct lua_server *lua_server_at(const struct link *link)
{
    return link_owner(link, struct lua_server, link);
}

/* It is closed, and its last connection has gone. */
static bool is_over(const struct server *server)
{
    return server->closing && server->unfinished == 0;
}

void servers_own(lua_State *L, const struct script *old)
{
    const struct link *end = &old->servers;

    for (const struct link *at = end->next; at != end; at = at->next)
        if (!is_over(server_at(at)))
            lua_server_of(L, server_at(at));
}

/* Opened by this script itself: the events go to it. */
static bool is_own(const struct lua_server *lua_server)
{
    return lua_server->server->owner == lua_server;
}

void servers_abandon(struct script *next)
{
    const struct link *end = &next->servers;

    for (const struct link *at = end->next; at != end; at = at->next) {
        struct lua_server *lua_server = lua_server_at(at);

        if (lua_server->adoption != NULL)
            adopt_drop(lua_server->adoption);
        else if (is_own(lua_server))
            server_abandon(lua_server->server);
    }
}

static void hand_over(struct lua_server *lua_server)
{
    char place[256];

    if (is_own(lua_server)) {
        server_format_address(lua_server->server, place, sizeof place);
        if (!lua_server->server->closing)
            log_info("listening %s", place);
    } else if (lua_server->adoption != NULL) {
        adopt_commit(lua_server->adoption, lua_server);
        lua_server->adoption = NULL;
        lua_server->first_overflow = lua_server->server->options.overflow;
    } else {
        lua_server->server->owner = lua_server;
    }
}

void servers_close_dropped(struct script *next)
{
    const struct link *end = &next->servers;

    for (const struct link *at = end->next; at != end; at = at->next) {
        struct lua_server *lua_server = lua_server_at(at);

        if (is_own(lua_server) || lua_server->adoption != NULL)
            continue;
        server_close(lua_server->server, REASON_SHUTDOWN, CLOSING_LINGER);
        server_owner_leaves(lua_server->server);
    }
}

void servers_hand_over(struct script *old, struct script *next)
{
    const struct link *end = &next->servers;

    for (const struct link *at = end->next; at != end; at = at->next)
        hand_over(lua_server_at(at));
    end = &old->servers;
    for (const struct link *at = end->next; at != end; at = at->next)
        if (is_own(lua_server_at(at)))
            server_abandon(server_at(at));
}
