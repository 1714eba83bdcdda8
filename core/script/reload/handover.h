/*
 * handover.h - hands the servers of one script over to the next
 *
 * When a reload succeeds, call handover_make_records(),
 * handover_close_dropped(), handover_finish() and handover_forget() in this
 * order; when it fails, handover_abandon(). `old` is the running script, `next`
 * the one that has been loaded.
 */
#ifndef FES_RELOAD_HANDOVER_H
#define FES_RELOAD_HANDOVER_H

#include "script/vm/script.h"

#include <lua.h>

/*
 * Make sure that the next script, whose state is L, has a record (lua_server.h)
 * of each server of the old one that is not closed with all its connections.
 * May raise, so it comes before the point of no return.
 */
void handover_make_records(lua_State *L, const struct script *old);

/* The reload has failed: drop the adoptions that the next script prepared, and
 * abandon the servers and outgoing connections that it opened. */
void handover_abandon(struct script *next);

/* Close the servers that the next script has neither opened nor asked for, and
 * deliver `owner_leaves` for their connections to the old script. */
void handover_close_dropped(struct script *next);

/* Make the next script the owner of all servers that it has a record of, with
 * the options it asked for. Abandon those that only the old script has. */
void handover_finish(struct script *old, struct script *next);

/* Call once the state of the old script is closed. */
void handover_forget(struct script *next);

#endif
