/*
 * policy.h - commands: set policies (overflow.h), and answer what a script was
 * asked
 *
 * A new policy applies to messages that come after it was set. Messages before
 * it are sent first, or withheld under the old policy, because they may be in
 * no snapshot from which the new policy could send them. So the functions that
 * set a policy may send, and end connections.
 */
#ifndef FES_COMMAND_POLICY_H
#define FES_COMMAND_POLICY_H

#include "net/command/command.h"
#include "net/state/overflow.h"

struct engine;
struct server;
struct topic;

/* Set the policy of a connection, which overrides those of topic and server;
 * OVERFLOW_UNSET removes it. */
enum command_answer policy_set_conn(struct engine *engine, conn_name name,
                                    enum overflow overflow);

/* Set the policy of a topic, which overrides the server's; OVERFLOW_UNSET
 * removes it. */
void policy_set_topic(struct topic *topic, enum overflow overflow);

/* Set the policy of a server; not OVERFLOW_UNSET. */
void policy_set_server(struct server *server, enum overflow overflow);

/*
 * Apply the answer of the script's function to a stall of the connection on a
 * topic (NULL: broadcasts): OVERFLOW_CLOSE, OVERFLOW_DROP or OVERFLOW_LATEST.
 * No effect if the stall no longer waits for it.
 */
void policy_answer(struct engine *engine, conn_name name, struct topic *topic,
                   enum overflow answer);

#endif
