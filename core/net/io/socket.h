/*
 * socket.h - the system calls of plain stream sockets
 *
 * Listening sockets are set up so that the sockets accepted from them need no
 * system call of their own: Linux lets them inherit buffer sizes, TCP_NODELAY,
 * TCP_NOTSENT_LOWAT and keepalive. All sockets are non-blocking and closed on
 * exec.
 */
#ifndef FES_IO_SOCKET_H
#define FES_IO_SOCKET_H

#include "net/io/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

/* How connections behave, accepted or made. 0: as by default. */
struct socket_options {
    int backlog;   /* of one that listens: connections not yet accepted */
    int sndbuf;    /* SO_SNDBUF, bytes; a quarter is TCP_NOTSENT_LOWAT */
    int rcvbuf;    /* SO_RCVBUF, bytes */
    int keepalive; /* seconds of silence before the first of three probes */
    bool nodelay;  /* TCP_NODELAY */
};

/*
 * Listen on an IP address; `[::]` takes IPv4 too. The descriptor, or -1 with
 * errno set.
 */
int socket_listen(const struct sockaddr_storage *address, socklen_t length,
                  const struct socket_options *options);

/*
 * Listen on a Unix socket at `path`, made with `mode`. What a dead server left
 * behind there is replaced; EADDRINUSE if one answers, EEXIST if the path is
 * no socket, ENAMETOOLONG. The descriptor, or -1 with errno set.
 */
int socket_listen_unix(const char *path, unsigned mode,
                       const struct socket_options *options);

/*
 * Begin to connect. The descriptor, or -1 with errno set. Not `*stands`: it
 * does once the socket is writable and socket_error() gives 0.
 */
int socket_connect(const struct place *to, const struct socket_options *options,
                   bool *stands);

/* What has gone wrong on the socket, as an errno; 0: nothing. */
int socket_error(int fd);

/* Prepare a socket that listens already as those above are. */
void socket_take_over(int fd, const struct socket_options *options);

/*
 * Those who connect to `fd` from now on are probed after less than `keepalive`
 * seconds of silence, but more than half of it: how much less, `turn` says. If
 * all who came at once were probed at once, the probes of thousands would fill
 * the queues on their way (on Linux' loopback: 1,000), and the rest be lost.
 */
void socket_spread_keepalive(int fd, int keepalive, uint64_t turn);

/* Accept the next connection. The descriptor, or -1 with errno set. */
int socket_accept(int fd, struct address *peer);

/* The address that a socket is bound to. */
struct address socket_address(int fd);

/*
 * Send what the kernel takes now. The number of bytes, or -1 with errno set;
 * EAGAIN: it takes nothing now. No SIGPIPE.
 */
ssize_t socket_send(int fd, const struct iovec *vector, int count);

/* Receive what is there now. As recv(2): 0 at the end of the stream. */
ssize_t socket_receive(int fd, void *bytes, size_t room);

/* End the stream: the peer sees its end once it has read everything. */
void socket_end(int fd);

/* Close, and let the peer see a reset: what is under way is discarded. */
void socket_reset(int fd);

#endif
