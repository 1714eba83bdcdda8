#include "script/run/announce.h"

#include "base/log.h"
#include "net/command/bound.h"
#include "script/object/lua_server.h"

#include <stdio.h>

/* Record what has been announced, and what that included. */
static void note_announced(const struct script *script, double bytes)
{
    struct announced *announced = &script->program->announced;

    announced->bytes = bytes;
    announced->store = announced->store || bound_has_store(script->engine);
    announced->outgoing = bound_has_outgoing(script->engine);
    announced->stale = false;
}

static void announce_memory(const struct script *script)
{
    struct bound bound = bound_of(script->engine);

    printf("at most %.1f MiB of buffers, %llu connections, "
           "%.0f KiB each in the kernel\n",
           bound.buffers / (1 << 20), (unsigned long long)bound.connections,
           bound.kernel / 1024);
    note_announced(script, bound.buffers);
}

void announce_growth(const struct script *script)
{
    const struct announced *announced = &script->program->announced;
    const struct engine *engine = script->engine;
    double before = announced->bytes, bytes;

    if (!announced->stale && (announced->store || !bound_has_store(engine)) &&
        announced->outgoing == bound_has_outgoing(engine))
        return;
    bytes = bound_of(engine).buffers;
    note_announced(script, bytes);
    if (bytes > before)
        log_info("at most %.1f MiB of buffers from now on", bytes / (1 << 20));
}

static void announce_server(const struct server *server)
{
    char address[SERVER_ADDRESS_BYTES];

    if (server_facts(server).closing)
        return;
    server_format_address(server, address, sizeof address);
    printf("listening %s\n", address);
}

void announce_servers(const struct script *script)
{
    const struct link *end = &script->servers;

    for (const struct link *at = end->next; at != end; at = at->next)
        announce_server(link_owner(at, struct lua_server, link)->server);
    if (!link_alone(end))
        announce_memory(script);
    fflush(stdout);
}
