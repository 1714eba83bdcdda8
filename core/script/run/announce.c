#include "script/run/announce.h"

#include "base/log.h"
#include "net/state/topic.h"
#include "script/object/server.h"

#include <stdio.h>

static struct server *server_at(const struct link *link)
{
    return link_owner(link, struct lua_server, link)->server;
}

/* Linux counts twice what is asked for; 0 leaves it to the system's maximum. */
static double kernel_bytes(int asked, const char *sysctl)
{
    FILE *file;
    long most = 0;

    if (asked > 0)
        return 2.0 * asked;
    file = fopen(sysctl, "re");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%*d %*d %ld", &most) != 1)
        most = 0;
    fclose(file);
    return (double)most;
}

static double kernel_bytes_of(const struct socket_options *options)
{
    return kernel_bytes(options->sndbuf, "/proc/sys/net/ipv4/tcp_wmem") +
           kernel_bytes(options->rcvbuf, "/proc/sys/net/ipv4/tcp_rmem");
}

static bool may_keep(const struct engine *engine)
{
    return engine->topics.used > 0 || engine->cells.all != NULL;
}

/* Kept messages count where a topic, or a policy, may need them. */
static double kept_bytes(const struct script *script)
{
    const struct engine *engine = script->engine;
    const struct link *end = &script->servers;
    bool needed = may_keep(engine);

    for (const struct link *at = end->next; at != end; at = at->next)
        needed = needed || overflow_conflates(server_at(at)->options.overflow);
    return needed ? (double)cells_bytes(&engine->cells) : 0;
}

/* All that buffers may take; the slab of outgoing connections counts once. */
static double buffer_bytes(const struct script *script)
{
    const struct link *end = &script->servers;
    double bytes =
        (double)slab_bytes(&script->engine->outgoing) + kept_bytes(script);

    for (const struct link *at = end->next; at != end; at = at->next)
        if (!server_at(at)->closing)
            bytes += (double)slab_bytes(&server_at(at)->own);
    return bytes;
}

/* What has been told of, and what was there then. */
static void note_told(const struct script *script, double bytes)
{
    struct told *told = &script->program->told;

    told->bytes = bytes;
    told->store = told->store || may_keep(script->engine);
    told->outgoing = script->engine->outgoing.pool != NULL;
    told->stale = false;
}

static void announce_memory(const struct script *script)
{
    const struct link *end = &script->servers;
    double bytes = buffer_bytes(script);
    double each = 0;
    uint64_t connections = 0;

    for (const struct link *at = end->next; at != end; at = at->next) {
        const struct server *server = server_at(at);
        double kernel = kernel_bytes_of(&server->options.socket);

        if (server->closing && !server->outgoing)
            continue;
        connections += server->options.maxconnections;
        each = kernel > each ? kernel : each;
    }
    if (connections > script->engine->most_open)
        connections = script->engine->most_open;
    printf("at most %.1f MiB of buffers, %llu connections, "
           "%.0f KiB each in the kernel\n",
           bytes / (1 << 20), (unsigned long long)connections, each / 1024);
    note_told(script, bytes);
}

void announce_growth(const struct script *script)
{
    const struct engine *engine = script->engine;
    const struct told *told = &script->program->told;
    double before = told->bytes, bytes;

    if (!told->stale && (told->store || !may_keep(engine)) &&
        told->outgoing == (engine->outgoing.pool != NULL))
        return;
    bytes = buffer_bytes(script);
    note_told(script, bytes);
    if (bytes > before)
        log_info("at most %.1f MiB of buffers from now on", bytes / (1 << 20));
}

void servers_announce(struct script *script)
{
    const struct link *end = &script->servers;
    char place[256];

    for (const struct link *at = end->next; at != end; at = at->next) {
        if (server_at(at)->closing)
            continue;
        server_format_address(server_at(at), place, sizeof place);
        printf("listening %s\n", place);
    }
    if (!link_alone(end))
        announce_memory(script);
    fflush(stdout);
}
