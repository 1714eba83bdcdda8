/*
 * retain.h - which messages are retained, and which are evicted for them
 *
 * A snapshot (snapshot.h) retains the newest message of each key of a topic
 * that retains, and of every topic and server whose policy may be "latest". All
 * snapshots share one store of bounded size.
 *
 * When the store is full, messages of topics that do not retain are evicted:
 * the topic that has held messages for longest first, in it the key that
 * changed longest ago first; but no message that a stalled subscriber still
 * needs. A message still in a stream may yet be needed, so streams are flushed
 * first where necessary, which may end connections.
 */
#ifndef FES_SEND_RETAIN_H
#define FES_SEND_RETAIN_H

#include "net/state/topic.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Retain a message that is to be published to the topic as the next one of the
 * engine's sequence, if the topic retains or may have to send it after a stall.
 * `data` is without framing; `except` is the connection that does not get the
 * message, or 0. False: the store has no space. May end connections.
 */
bool retain_published(struct topic *topic, const char *data, size_t length,
                      struct key key, conn_name except);

/*
 * Make space for a broadcast of `length` bytes, if it has to be retained.
 * False: there is none. May end connections.
 */
bool retain_ensure_space(struct server *server, size_t length);

/* As retain_published(), for a broadcast, after retain_ensure_space(). Ends no
 * connection. */
bool retain_broadcast(struct server *server, const char *data, size_t length,
                      conn_name except);

#endif
