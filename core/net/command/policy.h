/*
 * policy.h - commands: set policies (overflow.h)
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

/*
 * Set the policy of a connection, which overrides those of topic and server;
 * OVERFLOW_UNSET removes it. OVERFLOW_CLOSE closes it at once if any of its
 * subscriptions is stalled, other than to get the snapshot as a new subscriber.
 */
enum command_answer policy_set_conn(struct engine *engine, conn_name name,
                                    enum overflow overflow);

/* Set the policy of a topic, which overrides the server's; OVERFLOW_UNSET
 * removes it. */
void policy_set_topic(struct topic *topic, enum overflow overflow);

/* Set the policy of a server; not OVERFLOW_UNSET. */
void policy_set_server(struct server *server, enum overflow overflow);

#endif
