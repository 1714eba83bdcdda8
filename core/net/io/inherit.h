/*
 * inherit.h - listening sockets that a service manager has opened for us
 *
 * It passes them as descriptors 3, 4, ... and says how many in LISTEN_FDS
 * (sd_listen_fds(3)). They stay open for as long as the process lives, so a
 * server may be closed and opened again; each gets a duplicate.
 */
#ifndef FES_IO_INHERIT_H
#define FES_IO_INHERIT_H

#include "net/io/address.h"

#include <stdbool.h>

enum { INHERIT_MOST = 64 };

struct inherited {
    int count;
    bool used[INHERIT_MOST];
};

/*
 * Take over what was passed to this process, and remove the variables that say
 * so from the environment, for the sake of its children.
 */
void inherit_take(struct inherited *inherited);

/*
 * A duplicate of the socket that listens on an IP address, or on a Unix
 * socket's path; -1: none does.
 */
int inherit_ip(struct inherited *inherited, const struct address *address);
int inherit_unix(struct inherited *inherited, const char *path);

/* Warn of those that nobody has asked for: their clients wait in vain. */
void inherit_tell_unused(const struct inherited *inherited);

#endif
