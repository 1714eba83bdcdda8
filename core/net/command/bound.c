#include "net/command/bound.h"

#include "net/state/engine.h"
#include "net/state/server.h"

#include <stdio.h>

/* The third number of the sysctl. 0: it cannot be read. */
static double most_of(const char *sysctl)
{
    FILE *file = fopen(sysctl, "re");
    long most = 0;

    if (file == NULL)
        return 0;
    if (fscanf(file, "%*d %*d %ld", &most) != 1)
        most = 0;
    fclose(file);
    return (double)most;
}

/* Bytes up to which the kernel lets a socket's buffers grow by itself. */
struct kernel {
    double sends, receives;
};

static struct kernel read_kernel(void)
{
    return (struct kernel){
        .sends = most_of("/proc/sys/net/ipv4/tcp_wmem"),
        .receives = most_of("/proc/sys/net/ipv4/tcp_rmem"),
    };
}

/*
 * Bytes of one connection's socket buffers. Linux doubles the size that is
 * asked for (socket(7), SO_SNDBUF); without one (0) the buffer grows up to the
 * third number of the sysctl (tcp(7), tcp_wmem and tcp_rmem).
 */
static double kernel_bytes_of(const struct server *server,
                              const struct kernel *kernel)
{
    struct socket_options options = server_options_socket(&server->options);

    return (options.sndbuf > 0 ? 2.0 * options.sndbuf : kernel->sends) +
           (options.rcvbuf > 0 ? 2.0 * options.rcvbuf : kernel->receives);
}

bool bound_has_store(const struct engine *engine)
{
    return engine->needs_cells || engine->cells.all != NULL;
}

bool bound_has_outgoing(const struct engine *engine)
{
    return engine->outgoing.pool != NULL;
}

static void add_server(struct bound *bound, const struct server *server,
                       const struct kernel *limits)
{
    double kernel = kernel_bytes_of(server, limits);

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
    struct kernel limits = read_kernel();

    for (struct link *at = end->next; at != end; at = at->next) {
        const struct server *server = link_owner(at, struct server, servers);

        add_server(&bound, server, &limits);
        needs_store =
            needs_store || overflow_conflates(server->options.overflow);
    }
    if (needs_store)
        bound.buffers += (double)cells_bytes(&engine->cells);
    if (bound.connections > engine->most_open)
        bound.connections = engine->most_open;
    return bound;
}
