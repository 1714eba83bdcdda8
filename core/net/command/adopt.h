/*
 * adopt.h - a running server is given new options and a new owner
 *
 *     adopt_begin    all that listen may be adopted
 *     adopt_find     the one that listens where new options say
 *     adopt_prepare  all that may fail; nothing changes yet
 *     adopt_commit   between two events: the options count, the owner hears
 *     adopt_drop     instead: nothing has changed
 *
 * Connections, what is queued for them and what they have half received live
 * on. Handlers, policy, limits and timeouts count for them at once; framing
 * and the kernel's buffers only for those that come. The size and the number
 * of bockets stay as they are: a slab is made once.
 */
#ifndef FES_COMMAND_ADOPT_H
#define FES_COMMAND_ADOPT_H

#include "net/state/server_options.h"

#include <stdbool.h>

struct engine;
struct server;

struct adoption;

/* Framings that connections of a server may have beside its own. */
enum { ADOPT_OLD_FRAMINGS = 8 };

/* From now on each server that listens may be adopted once. */
void adopt_begin(struct engine *engine);

/*
 * A server that listens where these options say, and is not being adopted yet;
 * port 0: the first that was asked for that way, on that address. NULL: none.
 */
struct server *adopt_find(struct engine *engine,
                          const struct server_options *options);

/*
 * Can it be given this form? Connections keep the one that they have, and only
 * so many can be remembered.
 */
bool adopt_has_room(const struct server *server, const struct framing *framing);

/*
 * Prepare for options of which size and bockets are the server's, and for whose
 * form there is room. NULL: no memory. It ends with adopt_commit() or
 * adopt_drop().
 */
struct adoption *adopt_prepare(struct server *server,
                               const struct server_options *options);

void adopt_commit(struct adoption *adoption, void *owner);

/* Policies of topics and connections that ask the script are taken back. */
void adopt_forget_functions(struct engine *engine);
void adopt_drop(struct adoption *adoption);

#endif
