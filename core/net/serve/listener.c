#include "net/serve/listener.h"

#include "base/log.h"
#include "net/io/socket.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A passed socket, or -1. Port 0 asks for a free port, so none matches. */
static int find_passed_ip(struct server *server,
                          const struct sockaddr_storage *at)
{
    struct address address = address_from((const struct sockaddr *)at);

    if (server->options.port == 0)
        return -1;
    return inherit_ip(&server->engine->inherited, &address);
}

/* Where the system has no IPv6, "*" means every IPv4 address. */
static int listen_ip(struct server *server, const char **why)
{
    const struct server_options *options = &server->options;
    struct socket_options socket = server_options_socket(options);
    uint16_t port = (uint16_t)options->port;
    struct sockaddr_storage address;
    socklen_t length;

    *why = address_resolve(options->host, port, &address, &length);
    if (*why != NULL)
        return -1;

    int fd = find_passed_ip(server, &address);

    if (fd >= 0) {
        socket_adopt(fd, &socket);
        return fd;
    }
    fd = socket_listen(&address, length, &socket);
    if (fd < 0 && errno == EAFNOSUPPORT && strcmp(options->host, "*") == 0) {
        *why = address_resolve("0.0.0.0", port, &address, &length);
        fd = socket_listen(&address, length, &socket);
    }
    return fd;
}

/* Note the inode, so that only this socket is removed later. */
static void remember_inode(struct server *server)
{
    struct stat made;

    if (lstat(server->options.path, &made) < 0)
        return;
    server->inode = made.st_ino;
    server->device = made.st_dev;
}

/* A passed socket is not remembered, because its file is not fes' to remove. */
static int listen_unix(struct server *server)
{
    const struct server_options *options = &server->options;
    struct socket_options socket = server_options_socket(options);
    int fd = inherit_unix(&server->engine->inherited, options->path);

    if (fd >= 0) {
        socket_adopt(fd, &socket);
        return fd;
    }
    fd = socket_listen_unix(options->path, options->mode, &socket);
    if (fd >= 0)
        remember_inode(server);
    return fd;
}

int listener_open(struct server *server, const char **why)
{
    int fd;

    *why = NULL;
    if (server->options.path != NULL)
        fd = listen_unix(server);
    else
        fd = listen_ip(server, why);
    if (fd < 0 && *why == NULL)
        *why = strerrordesc_np(errno);
    return fd;
}

bool listener_has_path(const struct server *server)
{
    struct stat there;

    return server->inode != 0 && lstat(server->options.path, &there) == 0 &&
           there.st_ino == server->inode && there.st_dev == server->device;
}

static void remove_unix_socket(const struct server *server)
{
    if (listener_has_path(server) && unlink(server->options.path) < 0)
        log_warn("cannot remove %s: %s", server->options.path, strerror(errno));
}

void listener_close(struct server *server)
{
    close(watch_fd(&server->watch));
    remove_unix_socket(server);
}
