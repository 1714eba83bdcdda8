/*
 * reload.h - loads the script again, into a new Lua state that takes over
 *
 *     reload_request
 *       -> end of the turn: data of the old script is packed (pack.h)
 *       -> a new Lua state reads the pack and loads the script; methods that
 *          change connections are deferred (defer.h)
 *       -> the new script takes over all servers with their connections, which
 *          stay as they are (handover.h); deferred calls are made
 *
 * Everything before the takeover may fail. Then what the new script opened is
 * closed, its state is freed, and the old script goes on unchanged. Both
 * outcomes are logged.
 */
#ifndef FES_RELOAD_RELOAD_H
#define FES_RELOAD_RELOAD_H

#include "script/vm/script.h"

/* Ask for a reload, at the end of this turn. */
void reload_request(struct program *program);

/* Call at the end of each turn: reload if asked to, unless the script is
 * stopping. May replace `program->script`. */
void reload_run(struct program *program);

#endif
