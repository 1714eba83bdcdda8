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
 * Queue data for every open connection of the server but `except` (0: none),
 * and give in `*receivers` for how many that is. The server's framing carries
 * it, and it is no longer than the server's limit. COMMAND_FULL: the slab, or
 * the store of snapshots, has no space; no connection gets it.
 */
enum command_answer publish_broadcast(struct server *server, const char *data,
                                      size_t length, conn_name except,
                                      uint32_t *receivers);

/*
 * Queue data for every subscriber of the topic but `except`, likewise, in the
 * framing of each one's server, which all carry it. Where it could never fit,
 * or a slab has no bocket, subscribers miss it as if they were full.
 * COMMAND_FULL: the store of snapshots has no space; no connection gets it.
 */
enum command_answer publish_message(struct topic *topic, const char *data,
                                    size_t length, struct key key,
                                    conn_name except, uint32_t *receivers);

#endif
