/*
 * servers.h - all servers of a script together
 */
#ifndef FES_SERVERS_H
#define FES_SERVERS_H

#include "net/reason.h"
#include "net/serve.h"
#include "script/server.h"
#include "script/state.h"

#include <stdbool.h>
#include <stdint.h>

/* Does any server still listen, or have connections? */
bool servers_in_use(const struct script *script);

/* Connections that are open, or about to be, of all servers together. */
uint32_t servers_count(const struct script *script);

/* An outgoing connection has gone: keep what it counted, and let go of it. */
void servers_forget(struct script *script, struct served *served);

/* Of all servers and outgoing connections, summed up. */
struct server_stats servers_stats(const struct script *script);

/* No server accepts any more; their connections go on. */
void servers_deafen(struct script *script);

/* As server_close(), each of them. */
void servers_close(struct script *script, enum reason reason, double linger);

#endif
