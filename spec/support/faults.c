/*
 * faults.c - makes system calls fail as a spec says; to be preloaded
 *
 * It replaces functions of the C library. A line of words describes a fault:
 *
 *     CALL ERROR [TIMES [SKIP [PORT]]]        recv ECONNRESET 1 0 50123
 *
 * Of the calls of CALL, the first SKIP (default 0) succeed, and the next TIMES
 * (default 1) fail with ERROR. With a PORT other than 0, only calls count whose
 * descriptor is a socket with that port at one of its ends. For `send` and
 * `sendmsg` the ERROR may be SHORT: only half of the bytes are sent. A new line
 * for a call replaces the one before.
 *
 * The environment variable FES_FAULT sets a fault when the program starts. The
 * program's script sets others, since this is also a Lua module:
 *
 *     local faults = package.loadlib(path, "luaopen_spec_support_faults")()
 *     faults.set "recv ECONNRESET 1 0 50123"
 *     faults.hits "recv" --> 1: it has failed once since it was set
 */
#include <errno.h>
#include <lauxlib.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { MOST_ERRNO = 133, SHORT = -1, MOST_PIECES = 1024 };

enum call { ACCEPT4, SEND, SENDMSG, RECV, EPOLL_CTL, EPOLL_WAIT, MMAP, CALLS };

static const char *const names[CALLS] = {
    [ACCEPT4] = "accept4",
    [SEND] = "send",
    [SENDMSG] = "sendmsg",
    [RECV] = "recv",
    [MMAP] = "mmap",
    [EPOLL_CTL] = "epoll_ctl",
    [EPOLL_WAIT] = "epoll_wait",
};

static struct fault {
    int error;
    unsigned times, skip, port, hits;
} faults[CALLS];

/* ----------------------------------------------------------- setting faults */

/* The errno of that name, SHORT, or 0: there is none. */
static int error_named(const char *name)
{
    if (strcmp(name, "SHORT") == 0)
        return SHORT;
    for (int error = 1; error <= MOST_ERRNO; error++) {
        const char *known = strerrorname_np(error);

        if (known != NULL && strcmp(known, name) == 0)
            return error;
    }
    return 0;
}

static int call_named(const char *name)
{
    for (int call = 0; call < CALLS; call++)
        if (strcmp(names[call], name) == 0)
            return call;
    return CALLS;
}

/* Set the fault that the line describes. False: it is not such a line. */
static bool set_fault(const char *line)
{
    char name[16], error[16];
    struct fault fault = {.times = 1};
    int words = sscanf(line, "%15s %15s %u %u %u", name, error, &fault.times,
                       &fault.skip, &fault.port);
    int call = words >= 2 ? call_named(name) : CALLS;

    if (call == CALLS)
        return false;
    fault.error = error_named(error);
    faults[call] = fault;
    return fault.error != 0;
}

__attribute__((constructor)) static void set_from_environment(void)
{
    const char *line = getenv("FES_FAULT");

    if (line != NULL && !set_fault(line)) {
        fprintf(stderr, "FES_FAULT: what is \"%s\"?\n", line);
        abort();
    }
}

static int l_set(lua_State *L)
{
    const char *line = luaL_checkstring(L, 1);

    return set_fault(line) ? 0 : luaL_error(L, "what is \"%s\"?", line);
}

static int l_hits(lua_State *L)
{
    int call = call_named(luaL_checkstring(L, 1));

    luaL_argcheck(L, call < CALLS, 1, "no such call");
    lua_pushinteger(L, faults[call].hits);
    return 1;
}

int luaopen_spec_support_faults(lua_State *L);

int luaopen_spec_support_faults(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"set", l_set}, {"hits", l_hits}, {NULL, NULL}};

    luaL_newlib(L, functions);
    return 1;
}

/* ---------------------------------------------------------- calls that fail */

static unsigned port_in(const struct sockaddr_storage *at)
{
    if (at->ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)at)->sin_port);
    if (at->ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)at)->sin6_port);
    return 0;
}

/* Is this call one that the fault counts? */
static bool matches_port(const struct fault *fault, int fd)
{
    struct sockaddr_storage own = {0}, peer = {0};
    socklen_t own_length = sizeof own, peer_length = sizeof peer;

    if (fault->port == 0)
        return true;
    getsockname(fd, (struct sockaddr *)&own, &own_length);
    getpeername(fd, (struct sockaddr *)&peer, &peer_length);
    return port_in(&own) == fault->port || port_in(&peer) == fault->port;
}

/* The error with which this call is to fail, also as errno; 0: none. */
static int next_error(enum call call, int fd)
{
    struct fault *fault = &faults[call];
    int before = errno;

    if (fault->hits >= fault->times || !matches_port(fault, fd)) {
        errno = before;
        return 0;
    }
    if (fault->skip > 0) {
        fault->skip--;
        return 0;
    }
    fault->hits++;
    errno = fault->error;
    return fault->error;
}

int accept4(int fd, __SOCKADDR_ARG at, socklen_t *length, int flags)
{
    if (next_error(ACCEPT4, fd))
        return -1;
    return (int)syscall(SYS_accept4, fd, at.__sockaddr__, length, flags);
}

ssize_t send(int fd, const void *bytes, size_t length, int flags)
{
    int error = next_error(SEND, fd);

    if (error > 0)
        return -1;
    if (error == SHORT)
        length = (length + 1) / 2;
    return syscall(SYS_sendto, fd, bytes, length, flags, NULL, 0);
}

/* The message cut to the first half of its bytes, rounded up; it may end within
 * a piece. `pieces` has space for MOST_PIECES. */
static struct msghdr half_of(const struct msghdr *message, struct iovec *pieces)
{
    struct msghdr half = *message;
    size_t total = 0, count = 0;

    for (size_t i = 0; i < message->msg_iovlen; i++)
        total += message->msg_iov[i].iov_len;
    for (size_t left = (total + 1) / 2; left > 0; count++) {
        pieces[count] = message->msg_iov[count];
        if (pieces[count].iov_len > left)
            pieces[count].iov_len = left;
        left -= pieces[count].iov_len;
    }
    half.msg_iov = pieces;
    half.msg_iovlen = count;
    return half;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    struct iovec pieces[MOST_PIECES];
    int error = next_error(SENDMSG, fd);

    if (error > 0)
        return -1;
    if (error == SHORT) {
        struct msghdr half = half_of(message, pieces);

        return syscall(SYS_sendmsg, fd, &half, flags);
    }
    return syscall(SYS_sendmsg, fd, message, flags);
}

ssize_t recv(int fd, void *bytes, size_t space, int flags)
{
    if (next_error(RECV, fd))
        return -1;
    return syscall(SYS_recvfrom, fd, bytes, space, flags, NULL, NULL);
}

int epoll_ctl(int epoll, int what, int fd, struct epoll_event *event)
{
    if (next_error(EPOLL_CTL, fd))
        return -1;
    return (int)syscall(SYS_epoll_ctl, epoll, what, fd, event);
}

int epoll_wait(int epoll, struct epoll_event *events, int most, int timeout)
{
    if (next_error(EPOLL_WAIT, epoll))
        return -1;
    return (int)syscall(SYS_epoll_pwait, epoll, events, most, timeout, NULL, 0);
}

/* Only mappings of memory count. Files are mapped when libraries are loaded. */
void *mmap(void *at, size_t length, int protection, int flags, int fd,
           off_t offset)
{
    if ((flags & MAP_ANONYMOUS) && next_error(MMAP, fd))
        return MAP_FAILED;
    return (void *)syscall(SYS_mmap, at, length, protection, flags, fd, offset);
}
