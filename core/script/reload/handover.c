#include "script/reload/handover.h"

#include "base/log.h"
#include "net/command/adopt.h"
#include "net/command/server.h"
#include "script/object/lua_server.h"

static struct server *server_at(const struct link *link)
{
    return link_owner(link, struct lua_server, link)->server;
}

static struct lua_server *lua_server_at(const struct link *link)
{
    return link_owner(link, struct lua_server, link);
}

void handover_make_records(lua_State *L, const struct script *old)
{
    const struct link *end = &old->servers;

    for (const struct link *at = end->next; at != end; at = at->next)
        if (!server_facts(server_at(at)).gone)
            lua_server_of(L, server_at(at));
}

/* Is the record the owner of its server? Before the handover, of the next
 * script's records only those of servers that it opened itself are. */
static bool is_owner(const struct lua_server *lua_server)
{
    return server_facts(lua_server->server).owner == lua_server;
}

void handover_abandon(struct script *next)
{
    const struct link *end = &next->servers;

    for (const struct link *at = end->next; at != end; at = at->next) {
        struct lua_server *lua_server = lua_server_at(at);

        server_set_other(lua_server->server, NULL);
        if (lua_server->adoption != NULL)
            adopt_drop(lua_server->adoption);
        else if (is_owner(lua_server))
            server_abandon(lua_server->server);
    }
}

static void adopt(struct lua_server *lua_server)
{
    adopt_commit(lua_server->adoption, lua_server);
    lua_server->adoption = NULL;
    lua_server->first_overflow =
        server_facts(lua_server->server).options->overflow;
}

static void announce(const struct lua_server *lua_server)
{
    char address[SERVER_ADDRESS_BYTES];

    server_format_address(lua_server->server, address, sizeof address);
    if (!server_facts(lua_server->server).closing)
        log_info("listening %s", address);
}

/* Make the next script's record the owner of its server. The old script may
 * look for its own until its state is closed. */
static void hand_over(struct lua_server *lua_server)
{
    void *old = server_facts(lua_server->server).owner;

    if (old == lua_server) {
        announce(lua_server);
        return;
    }
    if (lua_server->adoption != NULL)
        adopt(lua_server);
    else
        server_set_owner(lua_server->server, lua_server);
    server_set_other(lua_server->server, old);
}

void handover_close_dropped(struct script *next)
{
    const struct link *end = &next->servers;

    for (const struct link *at = end->next; at != end; at = at->next) {
        struct lua_server *lua_server = lua_server_at(at);

        if (is_owner(lua_server) || lua_server->adoption != NULL)
            continue;
        server_close(lua_server->server, REASON_SHUTDOWN, LINGER_SECONDS);
        server_owner_leaves(lua_server->server);
    }
}

static void abandon(struct lua_server *lua_server)
{
    server_abandon(lua_server->server);
    server_set_other(lua_server->server, lua_server);
}

void handover_finish(struct script *old, struct script *next)
{
    const struct link *end = &next->servers;

    for (const struct link *at = end->next; at != end; at = at->next)
        hand_over(lua_server_at(at));
    end = &old->servers;
    for (const struct link *at = end->next; at != end; at = at->next)
        if (is_owner(lua_server_at(at)))
            abandon(lua_server_at(at));
}

void handover_forget(struct script *next)
{
    struct link *after;

    for (struct link *at = next->servers.next; at != &next->servers;
         at = after) {
        struct lua_server *lua_server = lua_server_at(at);

        after = at->next;
        server_set_other(lua_server->server, NULL);
        if (server_facts(lua_server->server).retired)
            lua_server_retire(next->L, lua_server);
    }
}
