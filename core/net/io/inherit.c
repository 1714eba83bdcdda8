#include "net/io/inherit.h"

#include "base/log.h"
#include "net/io/socket.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FIRST_FD = 3 };

/* The value of an environment variable; 0 if it is no number above 0. */
static long env_number(const char *name)
{
    const char *text = getenv(name);
    char *end;
    long number = text != NULL ? strtol(text, &end, 10) : 0;

    return text != NULL && *end == '\0' && number > 0 ? number : 0;
}

void inherit_take(struct inherited *inherited)
{
    long count = env_number("LISTEN_FDS");

    *inherited = (struct inherited){0};
    if (count == 0 || env_number("LISTEN_PID") != getpid())
        return;
    if (count > INHERIT_MOST) {
        log_warn("%ld sockets were passed, only the first %d are used", count,
                 INHERIT_MOST);
        count = INHERIT_MOST;
    }
    inherited->count = (int)count;
    for (int i = 0; i < inherited->count; i++)
        fcntl(FIRST_FD + i, F_SETFD, FD_CLOEXEC);
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
}

static bool is_listening_stream(int fd)
{
    int type = 0;
    int accepts = 0;
    socklen_t length = sizeof type;

    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length);
    length = sizeof accepts;
    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &length);
    return type == SOCK_STREAM && accepts != 0;
}

/* Duplicate the socket with index `i`, and mark it as used. -1: no descriptor.
 */
static int duplicate_socket(struct inherited *inherited, int i)
{
    int fd = fcntl(FIRST_FD + i, F_DUPFD_CLOEXEC, FIRST_FD);

    if (fd >= 0)
        inherited->used[i] = true;
    return fd;
}

static bool is_bound_to(int fd, const struct address *address)
{
    struct address there = socket_address(fd);

    return there.family == address->family && there.port == address->port &&
           memcmp(there.bytes, address->bytes, sizeof there.bytes) == 0;
}

int inherit_ip(struct inherited *inherited, const struct address *address)
{
    for (int i = 0; i < inherited->count; i++)
        if (is_listening_stream(FIRST_FD + i) &&
            is_bound_to(FIRST_FD + i, address))
            return duplicate_socket(inherited, i);
    return -1;
}

static bool is_bound_to_path(int fd, const char *path)
{
    struct sockaddr_un there = {0};
    socklen_t length = sizeof there - 1;

    return getsockname(fd, (struct sockaddr *)&there, &length) == 0 &&
           there.sun_family == AF_UNIX && strcmp(there.sun_path, path) == 0;
}

int inherit_unix(struct inherited *inherited, const char *path)
{
    for (int i = 0; i < inherited->count; i++)
        if (is_listening_stream(FIRST_FD + i) &&
            is_bound_to_path(FIRST_FD + i, path))
            return duplicate_socket(inherited, i);
    return -1;
}

void inherit_warn_unused(const struct inherited *inherited)
{
    char text[ADDRESS_TEXT_BYTES];

    for (int i = 0; i < inherited->count; i++) {
        struct address there = socket_address(FIRST_FD + i);

        if (inherited->used[i])
            continue;
        address_format(&there, text);
        log_warn("no server of the script uses the socket that was passed as "
                 "descriptor %d: %s",
                 FIRST_FD + i, text);
    }
}
