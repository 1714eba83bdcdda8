/*
 * topic.h - commands: topics, what they retain, and who is subscribed
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
    const char *name; /* terminated, but it may have zeros inside */
    size_t name_length;
    uint32_t subscribers;
    bool retains;
    enum overflow overflow;
};

struct topic_facts topic_facts(const struct topic *topic);

/*
 * The topic of a name of 1 to TOPIC_NAME_MOST bytes, or NULL; made if there is
 * none, or NULL: no memory. It is there at least until the end of the turn.
 */
struct topic *topic_find(struct engine *engine, const char *name,
                         size_t length);
struct topic *topic_make(struct engine *engine, const char *name,
                         size_t length);

/* An object of a script keeps the topic; and does so no longer. */
void topic_hold(struct topic *topic);
void topic_let_go(struct topic *topic);

/* --------------------------------------------------------------- publishing */

/* A framing of some subscriber that cannot carry this data, or NULL. */
const struct framing *topic_framing_refusing(const struct topic *topic,
                                             const char *data, size_t length);

/* Could a message of so many bytes fit the queue of a connection of any server?
 * Without any server it could. */
bool topic_fits(const struct topic *topic, size_t length);

/* ---------------------------------------------------------------- retaining */

/* Retain the last message of each key. False: no memory for the store. */
bool topic_retain(struct topic *topic);

/* Forget what is retained, of one key or (NULL) of all. */
void topic_clear(struct topic *topic, const struct key *key);

/*
 * The length of the last message of a key, copied to `out` if that has at least
 * so many bytes of `room`. SIZE_MAX: there is none.
 */
size_t topic_last(const struct topic *topic, struct key key, void *out,
                  size_t room);

/* -------------------------------------------------------------- subscribing */

/*
 * Subscribe a connection. COMMAND_FULL: it has as many topics as it may, or
 * there is no memory. COMMAND_DONE also if it is subscribed already.
 */
enum command_answer topic_add_subscriber(struct topic *topic, conn_name name);

/* End a subscription, if there is one, after what was published before. */
enum command_answer topic_remove_subscriber(struct topic *topic,
                                            conn_name name);

/* Is the connection open, and subscribed? */
bool topic_has_subscriber(const struct topic *topic, conn_name name);

/* The names of all subscribers, at most `room` of them. How many there are. */
size_t topic_list_subscribers(const struct topic *topic, conn_name *names,
                              size_t room);

/* The topics of an open connection, likewise; 0 for any other. */
size_t topic_list_of(const struct engine *engine, conn_name name,
                     struct topic **topics, size_t room);

#endif
