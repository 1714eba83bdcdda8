#include "script/servers.h"

#include "script/server.h"

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

    add_stats(&script->gone, &stats);
    served_end(script->L, served);
}

struct server_stats servers_stats(const struct script *script)
{
    const struct link *end = &script->servers;
    const struct pool *outgoing = script->shard->outgoing.pool;
    struct server_stats sums = script->gone;

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
