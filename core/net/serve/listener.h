/*
 * listener.h - from the options of a server to a listening socket
 */
#ifndef FES_SERVE_LISTENER_H
#define FES_SERVE_LISTENER_H

#include "net/state/engine.h"
#include "net/state/server.h"

#include <stdbool.h>

/*
 * Listen where the options of the server say: on a socket that a service
 * manager passed, if one is bound there, else on a new one. Gives the
 * descriptor, which the caller owns; or -1 and the reason in `*why`, text that
 * stays good until the next call.
 */
int listener_open(struct server *server, const char **why);

/* Is the Unix socket that was made for the server still at its path? */
bool listener_has_path(const struct server *server);

/* Close the listening socket. A Unix socket is removed from its path, if it is
 * the one that was made for the server. */
void listener_close(struct server *server);

#endif
