/*
 * count_sends.c - to be preloaded: how many sends a server really makes
 *
 * It stands between the server and the C library, counts what goes through,
 * and writes one line to the file that FES_BENCH_SENDS names when the server
 * exits. A server that sends by another way shows up with too few bytes.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static ssize_t (*next_send)(int, const void *, size_t, int);
static ssize_t (*next_sendmsg)(int, const struct msghdr *, int);
static ssize_t (*next_writev)(int, const struct iovec *, int);

static unsigned long sends, refused, bytes;

static ssize_t count(ssize_t sent)
{
    sends++;
    if (sent < 0)
        refused++;
    else
        bytes += (unsigned long)sent;
    return sent;
}

ssize_t send(int fd, const void *data, size_t length, int flags)
{
    return count(next_send(fd, data, length, flags));
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    return count(next_sendmsg(fd, message, flags));
}

ssize_t writev(int fd, const struct iovec *pieces, int count_of_pieces)
{
    return count(next_writev(fd, pieces, count_of_pieces));
}

/* POSIX lets a pointer to a function come as one to an object. */
static void find(void *next, const char *name)
{
    *(void **)next = dlsym(RTLD_NEXT, name);
    if (!*(void **)next)
        abort();
}

__attribute__((constructor)) static void begin(void)
{
    find(&next_send, "send");
    find(&next_sendmsg, "sendmsg");
    find(&next_writev, "writev");
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("FES_BENCH_SENDS");
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;

    if (fd < 0)
        return;
    dprintf(fd, "counted sends=%lu refused=%lu bytes=%lu\n", sends, refused,
            bytes);
    close(fd);
}
