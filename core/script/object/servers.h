/*
 * servers.h - all servers of a script together
 */
#ifndef FES_OBJECT_SERVERS_H
#define FES_OBJECT_SERVERS_H

#include "net/serve/serve.h"
#include "net/state/reason.h"
#include "script/object/server.h"
#include "script/vm/state.h"

#include <stdbool.h>
#include <stdint.h>

/* Does any server still listen, or have connections? */
bool servers_in_use(const struct script *script);

/* Connections that are open, or about to be, of all servers together. */
uint32_t servers_count(const struct script *script);

/* An outgoing connection has gone: keep what it counted, and let go of it. */
void servers_forget(struct script *script, struct lua_server *lua_server);

/* Of all servers and outgoing connections, summed up. */
struct server_stats servers_stats(const struct script *script);

/* No server accepts any more; their connections go on. */
void servers_stop_listening(struct script *script);

/*
 * For reload.h, while another script is about to take over. Make sure that in
 * its state, L, there is an object for each server of the old one that still
 * has something to end. May raise.
 */
void servers_own(lua_State *L, const struct script *old);

/* The other script does not take over: what it has opened is closed. */
void servers_abandon(struct script *next);

/*
 * It does: what it has not asked for is closed, and the old script told so.
 * Then all that is served is its own; what only the old one has is closed.
 */
void servers_close_dropped(struct script *next);
void servers_hand_over(struct script *old, struct script *next);

/* As server_close(), each of them. */
void servers_close(struct script *script, enum reason reason, double linger);

#endif
