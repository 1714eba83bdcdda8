/*
 * publish.h - commands: one message to many
 */
#ifndef FES_COMMAND_PUBLISH_H
#define FES_COMMAND_PUBLISH_H

#include "net/command/command.h"
#include "net/memory/key.h"
#include "net/state/conn_name.h"

#include <stddef.h>
#include <stdint.h>

struct server;
struct topic;

/*
 * Write data into the stream for every open connection of the server but
 * `except` (0: none); `*receivers` is set to their number. The server's framing
 * carries the data, and the message is not longer than server_limit().
 * COMMAND_FULL: the slab, or the store of snapshots, has no space; no
 * connection gets the message. May end connections.
 */
enum command_answer publish_broadcast(struct server *server, const char *data,
                                      size_t length, conn_name except,
                                      uint32_t *receivers);

/*
 * Likewise for every subscriber of the topic but `except`, in the framings of
 * their servers, which all carry the data (topic_framing_refusing()). At a
 * server where the message is longer than the limit, or the slab has no bocket
 * for it, it is withheld from all subscribers as if they were full, but none is
 * closed for that; they count as receivers. COMMAND_FULL: the store of
 * snapshots has no space; no connection gets the message.
 */
enum command_answer publish_message(struct topic *topic, const char *data,
                                    size_t length, struct key key,
                                    conn_name except, uint32_t *receivers);

#endif
