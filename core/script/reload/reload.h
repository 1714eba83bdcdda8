/*
 * reload.h - another loading of the script takes over, or does not
 *
 *     asked -> end of the turn: what the old script leaves is written down
 *           -> a new state reads that, and loads the script
 *           -> between two events the new script takes over: servers, their
 *              connections, what is queued and half received
 *
 * Until then nothing has changed: when a step fails, what the new script has
 * opened is closed again, and the old one goes on.
 */
#ifndef FES_RELOAD_RELOAD_H
#define FES_RELOAD_RELOAD_H

#include "script/vm/script.h"

/* It begins at the end of this turn. */
void reload_ask(struct program *program);

/* At the end of each turn. */
void reload_if_asked(struct program *program);

#endif
