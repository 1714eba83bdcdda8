/*
 * policy.h - commands: what happens to the slow (overflow.h), changed while
 * messages are on their way
 *
 * A policy holds for the messages that come after it was set. Those before it
 * are given to everybody first, or withheld under the policy that was: they may
 * be in no snapshot from which the new one could send them. So all these may
 * send, and end connections.
 */
#ifndef FES_COMMAND_POLICY_H
#define FES_COMMAND_POLICY_H

#include "net/command/command.h"
#include "net/state/overflow.h"

struct engine;
struct server;
struct topic;

/* Of a connection: its own, which wins; OVERFLOW_UNSET takes it back. */
enum command_answer policy_set_conn(struct engine *engine, conn_name name,
                                    enum overflow overflow);

/* Of a topic; likewise, and it wins over the servers'. */
void policy_set_topic(struct topic *topic, enum overflow overflow);

/* Of a server; not OVERFLOW_UNSET. */
void policy_set_server(struct server *server, enum overflow overflow);

/*
 * What the script's function said about a stall of the connection on a topic
 * (NULL: broadcasts): close, drop or latest.
 */
void policy_answer(struct engine *engine, conn_name name, struct topic *topic,
                   enum overflow answer);

#endif
