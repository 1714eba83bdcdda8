#include "sockets.h"

#include "tools.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024, SNDBUF = 65536, RCVBUF = 65536, SOURCES = 64 };

static void option(int fd, int level, int name, int value)
{
    check(setsockopt(fd, level, name, &value, sizeof value), "setsockopt");
}

static struct sockaddr_in loopback(size_t number, int port)
{
    in_addr_t host = INADDR_LOOPBACK + (in_addr_t)number;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((in_port_t)port),
                                  .sin_addr.s_addr = htonl(host)};

    return address;
}

static int open_socket(void)
{
    int fd = check(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), "socket");

    option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    return fd;
}

int sockets_listen(int *port)
{
    struct sockaddr_in address = loopback(0, 0);
    socklen_t length = sizeof address;
    int fd = open_socket();

    option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    option(fd, SOL_SOCKET, SO_SNDBUF, SNDBUF);
    option(fd, SOL_SOCKET, SO_RCVBUF, RCVBUF);
    option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, SNDBUF / 4);
    check(bind(fd, (struct sockaddr *)&address, length), "bind");
    check(listen(fd, BACKLOG), "listen");
    check(getsockname(fd, (struct sockaddr *)&address, &length), "getsockname");
    *port = ntohs(address.sin_port);
    return fd;
}

/* The port is chosen by connect(), which may reuse those of other pairs. */
int sockets_connect(int port, size_t number, int rcvbuf)
{
    struct sockaddr_in source = loopback(number % SOURCES, 0);
    struct sockaddr_in target = loopback(0, port);
    int fd = open_socket();

    option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    if (rcvbuf > 0)
        option(fd, SOL_SOCKET, SO_RCVBUF, rcvbuf);
    check(bind(fd, (struct sockaddr *)&source, sizeof source), "bind");
    if (connect(fd, (struct sockaddr *)&target, sizeof target) == 0 ||
        errno == EINPROGRESS)
        return fd;

    int refused = errno;

    close(fd);
    errno = refused;
    return -1;
}
