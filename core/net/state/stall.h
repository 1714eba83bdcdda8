/*
 * stall.h - messages are withheld from a subscription, whole, and counted
 *
 *             full, "drop"                       half its queue is free
 *     LIVE ------------------> DROP ---------------------------------> LIVE
 *      | \      full, a function                          (on_lag first)
 *      |  +-----------------> ASK --- answer --> DROP, LATEST, closed
 *      |
 *      |  behind, "latest"; or a                     it has everything
 *      |  retained snapshot to send
 *      +--------------------> LATEST --- catches up (catchup.h) -----> LIVE
 *                                                         (on_lag first)
 *
 * The policy is the connection's own, else the topic's, else the server's.
 */
#ifndef FES_STATE_STALL_H
#define FES_STATE_STALL_H

#include "net/state/pending.h"

#include <stdbool.h>
#include <stdint.h>

/* The policy for messages of the channel when the connection is full. `sub` may
 * be NULL for broadcasts. */
enum overflow stall_policy(const struct conn *conn,
                           const struct channel *channel,
                           const struct sub *sub);

/*
 * Begin a stall. `upto` is the number in the engine's sequence up to which the
 * subscription has everything. `sub` may be NULL for live broadcasts. Gives the
 * subscription's record.
 */
struct sub *stall_begin(struct conn *conn, struct channel *channel,
                        struct sub *sub, enum overflow policy, uint64_t upto);

/*
 * Apply the answer of the policy function (close, drop or latest) to a
 * subscription in SUB_ASK. False: the caller must end the connection.
 */
bool stall_answer(struct conn *conn, struct sub *sub, enum overflow answer);

/* Withhold a message of the stream from a stalled subscription: it counts as
 * missed by `policy`, and not as queued. */
void stall_withhold(const struct pending *pending, struct sub *sub,
                    enum overflow policy);

/* Likewise for a message that was not written into the stream. */
void stall_count_missed(struct conn *conn, struct sub *sub,
                        enum overflow policy);

/* A message that was withheld ("latest") has been queued after all. */
void stall_uncount_missed(struct conn *conn, struct sub *sub);

/* The policy by which messages of a stalled subscription count as missed. */
enum overflow stall_kind(const struct sub *sub);

/* End the stall: live again from the next message of the stream on. */
void stall_end(struct conn *conn, struct sub *sub);

/* End all stalls of a connection that leaves its channels. */
void stall_forget(struct conn *conn);

/* Forget what policy functions answered for the connection. Call when the
 * kernel has taken everything, or when the policy changes. */
void stall_forget_answers(struct conn *conn);

/*
 * Iterate over the connection's stalled subscriptions. `before` is NULL at
 * first, then the one given last; NULL: no more. Stalls may begin and end in
 * between, but `before` must still be subscribed.
 */
struct sub *stall_next(struct conn *conn, struct sub *before);

#endif
