/*
 * adopt.h - commands: a running server gets new options and a new owner
 *
 *     adopt_begin    every listening server may be adopted, once
 *     adopt_find     the server that listens where new options say
 *     adopt_prepare  does all that may fail; changes nothing
 *     adopt_commit   between two events: options and owner are replaced
 *     adopt_drop     instead: nothing has changed
 *
 * Connections, their queues, their place in the stream and what they have half
 * received are kept. Handlers, policy, limits and timeouts apply to them at
 * once; framing and the kernel's buffer sizes only to connections accepted
 * later (reframe.h). `size` and `bockets` cannot change: a slab is mapped once.
 */
#ifndef FES_COMMAND_ADOPT_H
#define FES_COMMAND_ADOPT_H

#include "net/state/server_options.h"

#include <stdbool.h>

struct engine;
struct server;

/* A prepared change of one server; ends with adopt_commit() or adopt_drop(). */
struct adoption;

/* Allow each server that listens now to be adopted once. */
void adopt_begin(struct engine *engine);

/*
 * The server that listens where these options say and may be adopted; with port
 * 0, the first on that address that was also opened with port 0. NULL: none.
 */
struct server *adopt_find(struct engine *engine,
                          const struct server_options *options);

/*
 * Can the server be given this framing? Its connections keep theirs, and only
 * MOST_OLD_FRAMINGS of them can be remembered.
 */
bool adopt_can_keep_framings(const struct server *server,
                             const struct framing *framing);

/*
 * Prepare a server for these options, which are in range and copied; their
 * `size` and `bockets` are the server's, and adopt_can_keep_framings() of their
 * framing is true. NULL: no memory.
 */
struct adoption *adopt_prepare(struct server *server,
                               const struct server_options *options);

/*
 * Give the server its new options and `owner`, and free the adoption. May end
 * connections. For every connection that is open, `resumed` is set.
 */
void adopt_commit(struct adoption *adoption, void *owner);

/* Free the adoption; the server stays as it is. */
void adopt_drop(struct adoption *adoption);

#endif
