#include "net/command/bound.h"

#include "net/state/engine.h"
#include "net/state/server.h"

#include <stdio.h>

/*
 * Bytes of one socket buffer. Linux doubles the size that is asked for
 * (socket(7), SO_SNDBUF); without one (0) the buffer grows up to the third
 * number of the sysctl (tcp(7), tcp_wmem and tcp_rmem).
 */
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

static double kernel_bytes_of(const struct server *server)
{
    struct socket_options options = server_options_socket(&server->options);

    return kernel_bytes(options.sndbuf, "/proc/sys/net/ipv4/tcp_wmem") +
           kernel_bytes(options.rcvbuf, "/proc/sys/net/ipv4/tcp_rmem");
}

bool bound_has_store(const struct engine *engine)
{
    return engine->needs_cells || engine->cells.all != NULL;
}

bool bound_has_outgoing(const struct engine *engine)
{
    return engine->outgoing.pool != NULL;
}

static void add_server(struct bound *bound, const struct server *server)
{
    double kernel = kernel_bytes_of(server);

    if (!server->closing)
        bound->buffers += (double)slab_bytes(&server->own);
    if (server->closing && !server->outgoing)
        return;
    bound->connections += server->options.maxconnections;
    if (kernel > bound->kernel)
        bound->kernel = kernel;
}

struct bound bound_of(const struct engine *engine)
{
    const struct link *end = &engine->servers;
    struct bound bound = {.buffers = (double)slab_bytes(&engine->outgoing)};
    bool needs_store = bound_has_store(engine);

    for (struct link *at = end->next; at != end; at = at->next) {
        const struct server *server = link_owner(at, struct server, servers);

        add_server(&bound, server);
        needs_store =
            needs_store || overflow_conflates(server->options.overflow);
    }
    if (needs_store)
        bound.buffers += (double)cells_bytes(&engine->cells);
    if (bound.connections > engine->most_open)
        bound.connections = engine->most_open;
    return bound;
}
