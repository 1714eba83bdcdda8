/*
 * socket.h - the system calls of stream sockets
 *
 * Options are set on listening sockets. On Linux accepted sockets inherit
 * buffer sizes, TCP_NODELAY, TCP_NOTSENT_LOWAT and keepalive, so they need no
 * system calls of their own. All sockets are non-blocking and close-on-exec.
 */
#ifndef FES_IO_SOCKET_H
#define FES_IO_SOCKET_H

#include "net/io/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Options of connections, accepted or outgoing. 0: the system's default. */
struct socket_options {
    int backlog;   /* of a listening socket: connections not yet accepted */
    int sndbuf;    /* SO_SNDBUF, bytes; a quarter is TCP_NOTSENT_LOWAT */
    int rcvbuf;    /* SO_RCVBUF, bytes */
    int keepalive; /* seconds of silence before the first of three probes */
    bool nodelay;  /* TCP_NODELAY */
};

/*
 * Listen on an IP address; [::] accepts IPv4 too. Gives the descriptor, or -1
 * with errno set.
 */
int socket_listen(const struct sockaddr_storage *address, socklen_t length,
                  const struct socket_options *options);

/*
 * Listen on a Unix socket, created at `path` with the permissions `mode`.
 * Replaces a socket whose server has ended. Gives the descriptor, or -1 with
 * errno set: EADDRINUSE if a server listens there, EEXIST if the path is no
 * socket, ENAMETOOLONG, or an error of a system call.
 */
int socket_listen_unix(const char *path, unsigned mode,
                       const struct socket_options *options);

/*
 * Begin to connect. Gives the descriptor, or -1 with errno set. Sets
 * `*established` if the connection is established at once. Otherwise it is when
 * the socket becomes writable and socket_error() gives 0.
 */
int socket_connect(const struct place *to, const struct socket_options *options,
                   bool *established);

/* The pending error of the socket as an errno, which is cleared; 0: none. */
int socket_error(int fd);

/* Set the options of a socket that another process has made to listen, and make
 * it non-blocking. */
void socket_adopt(int fd, const struct socket_options *options);

/*
 * Set the time before the first keepalive probe for connections that the
 * listening socket `fd` accepts from now on: more than half of `keepalive`
 * seconds and at most all of it, in 16 steps; `step` may be any number. If
 * thousands of connections that came together were probed together, the probes
 * would overflow the queues on their way (on Linux's loopback: 1,000 packets).
 * Does nothing if `keepalive` is 0.
 */
void socket_spread_keepalive(int fd, int keepalive, uint64_t step);

/* Accept the next connection and set `*peer`. Gives the descriptor, or -1 with
 * errno set; EAGAIN: there is none now. */
int socket_accept(int fd, struct address *peer);

/* The address that a socket is bound to. */
struct address socket_address(int fd);

/*
 * Send as much as the kernel takes now, from `count` segments. Gives the number
 * of bytes, or -1 with errno set; EAGAIN: it takes nothing now. Raises no
 * SIGPIPE.
 */
ssize_t socket_send(int fd, const struct iovec *vector, int count);

/* Receive at most `size` bytes. Gives the number of bytes; 0 at the end of the
 * stream; -1 with errno set, EAGAIN: nothing is there now. */
ssize_t socket_receive(int fd, void *bytes, size_t size);

/* Is something there to be received: bytes, the end of the stream, an error?
 * Or, with `writable`, is the socket writable, or has it failed? */
bool socket_is_ready(int fd, bool writable);

/* The number of bytes that are there to be received. */
uint32_t socket_unread(int fd);

/* Shut down sending: after all sent bytes the peer sees the end of the stream.
 */
void socket_shutdown(int fd);

/* Close `fd` with a reset: unsent bytes are discarded. */
void socket_reset(int fd);

#endif
