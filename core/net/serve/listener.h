/*
 * listener.h - from the options of a server to a descriptor that listens
 */
#ifndef FES_SERVE_LISTENER_H
#define FES_SERVE_LISTENER_H

#include "net/state/engine.h"
#include "net/state/server.h"

#include <stdbool.h>

/*
 * Listen where the options of the server say: on a socket that a service
 * manager passed, if one is bound there, else on a new one. The descriptor, or
 * -1 and `*why`, text that stays good until the next call.
 */
int listener_open(struct server *server, const char **why);

/* Is there, at its path, the Unix socket that was made for the server? */
bool listener_has_path(const struct server *server);

/* Close it. A Unix socket is removed if it is still the one that was made. */
void listener_close(struct server *server);

#endif
