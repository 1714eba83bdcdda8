#include "script/object/servers.h"

#include "base/log.h"
#include "net/command/adopt.h"
#include "net/send/closing.h"
#include "script/object/server.h"

static struct server *server_at(const struct link *link)
{
    return link_owner(link, struct served, link)->server;
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

void servers_forget(struct script *script, struct served *served)
{
    struct server_stats stats = server_stats(served->server);

    add_stats(&script->program->gone, &stats);
    served_end(script->L, served);
}

struct server_stats servers_stats(const struct script *script)
{
    const struct link *end = &script->servers;
    const struct pool *outgoing = script->shard->outgoing.pool;
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

void servers_deafen(struct script *script)
{
    const struct link *end = &script->servers;

    for (const struct link *at = end->next; at != end; at = at->next)
        server_deafen(server_at(at));
}

void servers_close(struct script *script, enum reason reason, double linger)
{
    const struct link *end = &script->servers;

    for (const struct link *at = end->next; at != end; at = at->next)
        server_close(server_at(at), reason, linger);
}

/* ------------------------------------------------------------------ reload */

static struct served *served_at(const struct link *link)
{
    return link_owner(link, struct served, link);
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
            served_of(L, server_at(at));
}

/* Opened by this script itself: the events go to it. */
static bool is_own(const struct served *served)
{
    return served->server->owner == served;
}

void servers_abandon(struct script *next)
{
    const struct link *end = &next->servers;

    for (const struct link *at = end->next; at != end; at = at->next) {
        struct served *served = served_at(at);

        if (served->adoption != NULL)
            adopt_drop(served->adoption);
        else if (is_own(served))
            server_abandon(served->server);
    }
}

static void hand_over(struct served *served)
{
    char place[256];

    if (is_own(served)) {
        server_format_place(served->server, place, sizeof place);
        if (!served->server->closing)
            log_info("listening %s", place);
    } else if (served->adoption != NULL) {
        adopt_commit(served->adoption, served);
        served->adoption = NULL;
        served->first_overflow = served->server->options.overflow;
    } else {
        served->server->owner = served;
    }
}

void servers_part(struct script *next)
{
    const struct link *end = &next->servers;

    for (const struct link *at = end->next; at != end; at = at->next) {
        struct served *served = served_at(at);

        if (is_own(served) || served->adoption != NULL)
            continue;
        server_close(served->server, REASON_SHUTDOWN, CLOSING_LINGER);
        server_part(served->server);
    }
}

void servers_hand_over(struct script *old, struct script *next)
{
    const struct link *end = &next->servers;

    for (const struct link *at = end->next; at != end; at = at->next)
        hand_over(served_at(at));
    end = &old->servers;
    for (const struct link *at = end->next; at != end; at = at->next)
        if (is_own(served_at(at)))
            server_abandon(server_at(at));
}
