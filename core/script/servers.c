#include "script/servers.h"

#include "net/serve.h"
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
