#include "net/io/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    PROBE_COUNT = 3,    /* of keepalive, without an answer */
    PROBE_SECONDS = 10, /* between two of them */
    LOWAT_DIVISOR = 4,  /* SO_SNDBUF / TCP_NOTSENT_LOWAT */
    SPREAD_STEPS = 16   /* different times before the first probe */
};

static void set_option(int fd, int level, int name, int value)
{
    setsockopt(fd, level, name, &value, sizeof value);
}

/* Ignores errors: these options only change speed, not correctness. */
static void set_buffers(int fd, const struct socket_options *options)
{
    if (options->sndbuf > 0)
        set_option(fd, SOL_SOCKET, SO_SNDBUF, options->sndbuf);
    if (options->rcvbuf > 0)
        set_option(fd, SOL_SOCKET, SO_RCVBUF, options->rcvbuf);
}

static void set_tcp_options(int fd, const struct socket_options *options)
{
    int lowat = options->sndbuf / LOWAT_DIVISOR;

    if (lowat > 0)
        set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, lowat);
    if (options->nodelay)
        set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (options->keepalive > 0) {
        set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
        set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, options->keepalive);
        set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, PROBE_SECONDS);
        set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, PROBE_COUNT);
    }
}

void socket_spread_keepalive(int fd, int keepalive, uint64_t step)
{
    int less = keepalive * (int)(step % SPREAD_STEPS) / (2 * SPREAD_STEPS);

    if (keepalive > 0)
        set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, keepalive - less);
}

static int new_socket(int family)
{
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* Close after a failure, without changing errno. Gives -1. */
static int close_failed(int fd)
{
    int error = errno;

    close(fd);
    errno = error;
    return -1;
}

int socket_listen(const struct sockaddr_storage *address, socklen_t length,
                  const struct socket_options *options)
{
    int fd = new_socket(address->ss_family);

    if (fd < 0)
        return -1;
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *ipv6 = (const void *)address;

        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY,
                   !IN6_IS_ADDR_UNSPECIFIED(&ipv6->sin6_addr));
    }
    set_buffers(fd, options);
    set_tcp_options(fd, options);
    if (bind(fd, (const struct sockaddr *)address, length) < 0 ||
        listen(fd, options->backlog) < 0)
        return close_failed(fd);
    return fd;
}

/* Does a server listen at the address? Sets errno: EADDRINUSE, or why a socket
 * could not be made; then the answer is yes. */
static bool has_live_server(const struct sockaddr_un *address)
{
    int fd = new_socket(AF_UNIX);

    if (fd < 0)
        return true;

    int refused =
        connect(fd, (const struct sockaddr *)address, sizeof *address) < 0 &&
        errno == ECONNREFUSED;

    close(fd);
    errno = EADDRINUSE;
    return !refused;
}

/* Make the path free: remove a socket without a server. False, with errno set:
 * something else is there. */
static bool remove_stale_socket(const struct sockaddr_un *address)
{
    struct stat there;

    if (lstat(address->sun_path, &there) < 0)
        return errno == ENOENT;
    if (!S_ISSOCK(there.st_mode)) {
        errno = EEXIST;
        return false;
    }
    return !has_live_server(address) && unlink(address->sun_path) == 0;
}

int socket_listen_unix(const char *path, unsigned mode,
                       const struct socket_options *options)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    if (!remove_stale_socket(&address))
        return -1;

    int fd = new_socket(AF_UNIX);

    if (fd < 0)
        return -1;
    set_buffers(fd, options);

    mode_t before = umask(0777); /* no client can connect before chmod() */
    int bound = bind(fd, (const struct sockaddr *)&address, sizeof address);

    umask(before);
    if (bound < 0)
        return close_failed(fd);
    if (chmod(path, mode) < 0 || listen(fd, options->backlog) < 0) {
        unlink(path);
        return close_failed(fd);
    }
    return fd;
}

void socket_adopt(int fd, const struct socket_options *options)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags >= 0)
        fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    set_buffers(fd, options);
    if (socket_address(fd).family != AF_UNIX)
        set_tcp_options(fd, options);
    listen(fd, options->backlog);
}

int socket_connect(const struct place *to, const struct socket_options *options,
                   bool *established)
{
    int fd = new_socket(to->address.ss_family);

    if (fd < 0)
        return -1;
    set_buffers(fd, options);
    if (to->address.ss_family != AF_UNIX)
        set_tcp_options(fd, options);
    *established =
        connect(fd, (const struct sockaddr *)&to->address, to->length) == 0;
    return *established || errno == EINPROGRESS ? fd : close_failed(fd);
}

int socket_error(int fd)
{
    int error = 0;
    socklen_t length = sizeof error;

    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0 ? errno
                                                                     : error;
}

int socket_accept(int fd, struct address *peer)
{
    struct sockaddr_storage from;
    socklen_t length = sizeof from;
    int accepted = accept4(fd, (struct sockaddr *)&from, &length,
                           SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (accepted >= 0)
        *peer = address_from((struct sockaddr *)&from);
    return accepted;
}

struct address socket_address(int fd)
{
    struct sockaddr_storage at = {.ss_family = AF_UNIX};
    socklen_t length = sizeof at;

    getsockname(fd, (struct sockaddr *)&at, &length);
    return address_from((struct sockaddr *)&at);
}

ssize_t socket_send(int fd, const struct iovec *vector, int count)
{
    if (count == 1)
        return send(fd, vector->iov_base, vector->iov_len, MSG_NOSIGNAL);

    struct iovec *all = (struct iovec *)(uintptr_t)vector;
    struct msghdr message = {.msg_iov = all, .msg_iovlen = (size_t)count};

    return sendmsg(fd, &message, MSG_NOSIGNAL);
}

ssize_t socket_receive(int fd, void *bytes, size_t size)
{
    return recv(fd, bytes, size, 0);
}

bool socket_is_ready(int fd, bool writable)
{
    struct pollfd at = {.fd = fd, .events = writable ? POLLOUT : POLLIN};

    return poll(&at, 1, 0) > 0;
}

uint32_t socket_unread(int fd)
{
    int bytes = 0;

    return ioctl(fd, FIONREAD, &bytes) == 0 ? (uint32_t)bytes : 0;
}

void socket_shutdown(int fd)
{
    shutdown(fd, SHUT_WR);
}

void socket_reset(int fd)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}
