/*
 * stall.h - messages are withheld from a subscription, whole, and counted
 *
 *             full, "drop"                       half its queue is free
 *     LIVE ------------------> DROP ---------------------------------> LIVE
 *        \                                                (on_lag first)
 *         \  behind, "latest"; or a                     it has everything
 *          \ retained snapshot to send
 *           +---------------> LATEST --- catches up (catchup.h) -----> LIVE
 *                                                         (on_lag first)
 *
 * The policy is the connection's own, else the topic's, else the server's; the
 * one with which a stall begins holds until its end.
 */
#ifndef FES_STATE_STALL_H
#define FES_STATE_STALL_H

#include "net/state/pending.h"

#include <stdbool.h>
#include <stdint.h>

/* The policy for messages of the channel when the connection is full. */
enum overflow stall_policy(const struct conn *conn,
                           const struct channel *channel);

/*
 * Begin a stall under "drop" or "latest", and post `stalled`. `upto`
 * is the number in the engine's sequence up to which the subscription has
 * everything. `sub` may be NULL for live broadcasts. Gives the subscription's
 * record.
 */
struct sub *stall_begin(struct conn *conn, struct channel *channel,
                        struct sub *sub, enum overflow policy, uint64_t upto);

/* A new subscriber is sent the snapshot: as in a stall under "latest" that
 * began before the first message, but without `stalled`. */
void stall_begin_snapshot(struct conn *conn, struct sub *sub);

/* Is any of its subscriptions stalled, other than those of a new subscriber? */
bool stall_of_any(struct conn *conn);

/* Withhold a message of the stream from a stalled subscription: it counts as
 * missed, and not as queued. */
void stall_withhold(const struct pending *pending, struct sub *sub);

/* Likewise for a message that was not written into the stream. */
void stall_count_missed(struct conn *conn, struct sub *sub);

/* A message that was withheld ("latest") has been queued after all. */
void stall_uncount_missed(struct conn *conn, struct sub *sub);

/* End the stall: live again from the next message of the stream on. */
void stall_end(struct conn *conn, struct sub *sub);

/* End all stalls of a connection that leaves its channels. */
void stall_forget(struct conn *conn);

/*
 * Iterate over the connection's stalled subscriptions. `before` is NULL at
 * first, then the one given last; NULL: no more. Stalls may begin and end in
 * between, but `before` must still be subscribed.
 */
struct sub *stall_next(struct conn *conn, struct sub *before);

/*
 * The subscription to the topic (NULL: to broadcasts) again, after an event in
 * which the script may have ended it. NULL: it has, and the iteration begins
 * anew.
 */
struct sub *stall_find_again(struct conn *conn, const struct topic *topic,
                             struct sub *sub);

#endif
