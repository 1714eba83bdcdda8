/*
 * pass_sockets.c - runs a command with sockets, as a service manager does
 *
 *     pass_sockets [HOST | PATH]... -- command [argument]...
 *
 * Each HOST, an IPv4 or IPv6 address, gets a socket on a free port, which the
 * command finds in PORT_1, PORT_2, ...; each PATH, which has a '/', gets a Unix
 * socket. They have the descriptors 3, 4, ..., as sd_listen_fds(3) expects.
 */
#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FIRST_FD = 3, NUMBER_BYTES = 32 };

static void set_number(const char *name, long number)
{
    char text[NUMBER_BYTES];

    snprintf(text, sizeof text, "%ld", number);
    setenv(name, text, 1);
}

static int bind_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
        err(1, "%s", path);
    return fd;
}

/* Bind to a free port, and return the descriptor. */
static int bind_ip(const char *host, in_port_t *port)
{
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
    int is_ipv4 = inet_pton(AF_INET, host, &ipv4.sin_addr) == 1;
    void *address = is_ipv4 ? (void *)&ipv4 : (void *)&ipv6;
    socklen_t length = is_ipv4 ? sizeof ipv4 : sizeof ipv6;
    int fd = socket(is_ipv4 ? AF_INET : AF_INET6, SOCK_STREAM, 0);

    if (!is_ipv4 && inet_pton(AF_INET6, host, &ipv6.sin6_addr) != 1)
        errx(1, "%s: no address", host);
    if (bind(fd, address, length) < 0 || getsockname(fd, address, &length) < 0)
        err(1, "%s", host);
    *port = ntohs(is_ipv4 ? ipv4.sin_port : ipv6.sin6_port);
    return fd;
}

/* Bind argument `number`, counted from 1. Returns the descriptor. */
static int bind_argument(const char *where, int number)
{
    char name[NUMBER_BYTES];
    in_port_t port = 0;
    int fd;

    if (strchr(where, '/') != NULL)
        return bind_unix(where);
    fd = bind_ip(where, &port);
    snprintf(name, sizeof name, "PORT_%d", number);
    set_number(name, port);
    return fd;
}

int main(int argc, char **argv)
{
    int count = 0;

    for (; count + 1 < argc && strcmp(argv[count + 1], "--") != 0; count++) {
        int fd = bind_argument(argv[count + 1], count + 1);

        if (listen(fd, 16) < 0 || dup2(fd, FIRST_FD + count) < 0)
            err(1, "%s", argv[count + 1]);
        if (fd != FIRST_FD + count)
            close(fd);
    }
    set_number("LISTEN_FDS", count);
    set_number("LISTEN_PID", getpid());
    execvp(argv[count + 2], argv + count + 2);
    err(1, "%s", argv[count + 2]);
}
