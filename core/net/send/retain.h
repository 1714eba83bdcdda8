/*
 * retain.h - which messages are kept, and which are forgotten for them
 *
 * Topics that retain, and whatever conflates, keep the newest message of each
 * key in a snapshot (snapshot.h). All snapshots share one store. Those of
 * topics that do not retain give way when it is full: those that have kept
 * something for longest first, the oldest keys first, but none that somebody is
 * behind on. To know who is, what waits may have to be sent first; so these may
 * end connections.
 */
#ifndef FES_SEND_RETAIN_H
#define FES_SEND_RETAIN_H

#include "net/state/topic.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Keep the next message of the engine's sequence, published to the topic, if
 * anybody may need it later. False: there is no room.
 */
bool retain_published(struct topic *topic, const char *data, size_t length,
                      struct key key, conn_name except);

/* Make room for a broadcast of that length, if it has to be kept. False: there
 * is none. */
bool retain_has_room(struct server *server, size_t length);

/* Likewise as for retain_published(); after retain_has_room(). Ends nobody. */
bool retain_broadcast(struct server *server, const char *data, size_t length,
                      conn_name except);

#endif
