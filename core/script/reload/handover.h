/*
 * handover.h - the servers of one script are handed over to the next
 */
#ifndef FES_RELOAD_HANDOVER_H
#define FES_RELOAD_HANDOVER_H

#include "script/vm/script.h"

#include <lua.h>

/*
 * Before the next script takes over: make sure that its state, L, has an object
 * for each server of the old one that still has something to end. May raise.
 */
void handover_own(lua_State *L, const struct script *old);

/* The next script does not take over: what it has opened is closed. */
void handover_abandon(struct script *next);

/* It does: close the servers that it has not asked for, and deliver the end of
 * their connections to the old script. */
void handover_close_dropped(struct script *next);

/* Then the next script owns all servers; those that only the old one has are
 * abandoned. */
void handover_finish(struct script *old, struct script *next);

#endif
