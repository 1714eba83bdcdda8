/*
 * publish.h - commands: one message to many, and who gets it
 *
 * As all commands (command.h): they queue, no event runs inside them, and
 * connections are named by a word.
 */
#ifndef FES_COMMAND_PUBLISH_H
#define FES_COMMAND_PUBLISH_H

#include "net/command/command.h"
#include "net/memory/snapshot.h"
#include "net/protocol/framing.h"
#include "net/state/topic.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Queue data for every open connection of the server but `except` (0: none),
 * and give in `*receivers` for how many that is. The server's framing carries
 * it, and it is no longer than the server's limit. COMMAND_FULL: the slab, or
 * the store of snapshots, has no room; nobody gets it.
 */
enum command_answer command_broadcast(struct server *server, const char *data,
                                      size_t length, conn_name except,
                                      uint32_t *receivers);

/*
 * Queue data for every subscriber of the topic but `except`, likewise, in the
 * framing of each one's server, which all carry it. Where it could never fit,
 * or a slab has no bocket, subscribers miss it as if they were full.
 * COMMAND_FULL: the store of snapshots has no room; nobody gets it.
 */
enum command_answer command_publish(struct topic *topic, const char *data,
                                    size_t length, struct key key,
                                    conn_name except, uint32_t *receivers);

/*
 * Subscribe. COMMAND_FULL: it has as many topics as it may, or there is no
 * memory. Who is subscribed already stays so.
 */
enum command_answer command_subscribe(struct topic *topic, conn_name name);

/* End a subscription, if there is one, after what was published before. */
enum command_answer command_unsubscribe(struct topic *topic, conn_name name);

/* Keep the last message of each key. False: no memory for the store. */
bool command_retain(struct topic *topic);

/* Forget what is kept, of one key or (NULL) of all. */
void command_clear(struct topic *topic, const struct key *key);

#endif
