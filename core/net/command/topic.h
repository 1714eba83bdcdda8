/*
 * topic.h - commands: topics, what they retain, and their subscribers
 *
 * A topic exists while an object of a script holds it, it has subscribers, or
 * it retains messages; and at least until the end of the turn.
 */
#ifndef FES_COMMAND_TOPIC_H
#define FES_COMMAND_TOPIC_H

#include "net/command/command.h"
#include "net/memory/key.h"
#include "net/protocol/framing.h"
#include "net/state/conn_name.h"
#include "net/state/overflow.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TOPIC_NAME_MOST = 255 };

struct engine;
struct topic;

struct topic_facts {
    const char *name; /* ends with a zero, and may have zeros inside */
    size_t name_length;
    uint32_t subscribers;
    bool retains;
    enum overflow overflow;
};

struct topic_facts topic_facts(const struct topic *topic);

/*
 * The topic of this name, which has 1 to TOPIC_NAME_MOST bytes. topic_find():
 * NULL if there is none. topic_make(): made if there is none; NULL: no memory.
 */
struct topic *topic_find(struct engine *engine, const char *name,
                         size_t length);
struct topic *topic_make(struct engine *engine, const char *name,
                         size_t length);

/* An object of a script holds the topic; releases it. */
void topic_hold(struct topic *topic);
void topic_release(struct topic *topic);

/* --------------------------------------------------------------- publishing */

/* The framing of a server with subscribers that cannot carry this data; NULL:
 * there is none. */
const struct framing *topic_framing_refusing(const struct topic *topic,
                                             const char *data, size_t length);

/* Does data of this length, framed, fit into the queue of a connection of at
 * least one server, whether or not it has subscribers? True without servers. */
bool topic_fits(const struct topic *topic, size_t length);

/* ---------------------------------------------------------------- retaining */

/* From now on retain the last message of each key, until the topic is freed.
 * False: no memory for the store. */
bool topic_retain(struct topic *topic);

/* Discard the retained message of one key, or of all keys (NULL). */
void topic_clear(struct topic *topic, const struct key *key);

/*
 * The length of the last message of a key; the message is copied to `out`
 * unless it is longer than `size`. SIZE_MAX: there is none.
 */
size_t topic_last(const struct topic *topic, struct key key, void *out,
                  size_t size);

/* -------------------------------------------------------------- subscribing */

/*
 * Subscribe a connection. If the topic retains, the snapshot will be queued for
 * it (catchup.h). COMMAND_FULL: it has `maxtopics` topics, or there is no
 * memory. COMMAND_DONE also if it is subscribed already.
 */
enum command_answer topic_add_subscriber(struct topic *topic, conn_name name);

/* End a subscription, if there is one. What was published before is queued
 * first, which may end the connection: COMMAND_CLOSED. */
enum command_answer topic_remove_subscriber(struct topic *topic,
                                            conn_name name);

/* Is the connection open and subscribed? */
bool topic_has_subscriber(const struct topic *topic, conn_name name);

/* Write the names of at most `most` subscribers; returns the number of all. */
size_t topic_list_subscribers(const struct topic *topic, conn_name *names,
                              size_t most);

/* Likewise the topics of a connection: until its `closed` has been delivered,
 * those to which it was subscribed at its end. */
size_t topic_list_of(const struct engine *engine, conn_name name,
                     struct topic **topics, size_t most);

/* Is the topic one of those that topic_list_of() gives? */
bool topic_is_of(const struct topic *topic, conn_name name);

#endif
