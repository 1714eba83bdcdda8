/*
 * inherit.h - listening sockets that a service manager passes to fes
 *
 * The manager passes the sockets as descriptors 3, 4, ... and their number in
 * the environment variable LISTEN_FDS (sd_listen_fds(3)). These descriptors
 * stay open for the life of the process. A server gets a duplicate, so it can
 * be closed and opened again at the same address.
 */
#ifndef FES_IO_INHERIT_H
#define FES_IO_INHERIT_H

#include "net/io/address.h"

#include <stdbool.h>

enum { INHERIT_MOST = 64 };

struct inherited {
    int count;               /* sockets: descriptors 3 to 3 + count - 1 */
    bool used[INHERIT_MOST]; /* a server has had a duplicate */
};

/*
 * Find the sockets that were passed to this process (LISTEN_PID). The variables
 * are removed from the environment, so that child processes do not act on them.
 * Sockets beyond INHERIT_MOST are ignored, with a warning.
 */
void inherit_take(struct inherited *inherited);

/*
 * Duplicate the passed socket that listens on an IP address, or on the path of
 * a Unix socket. The new descriptor belongs to the caller. -1: no such socket
 * was passed, or there is no descriptor left.
 */
int inherit_ip(struct inherited *inherited, const struct address *address);
int inherit_unix(struct inherited *inherited, const char *path);

/* Log a warning for each socket without a server: its clients are never
 * accepted. */
void inherit_warn_unused(const struct inherited *inherited);

#endif
