/*
 * stall.h - a subscription falls behind: messages are withheld, whole, and
 * counted
 *
 *             full, "drop"                       half its queue is free
 *     LIVE ------------------> DROP ---------------------------------> LIVE
 *      | \      full, asked                               (on_lag first)
 *      |  +-----------------> ASK --- answer --> DROP, LATEST, closed
 *      |
 *      |  the kernel takes no more, "latest";        it has everything
 *      |  a retained snapshot comes first
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

/* What would happen to the connection if a message of the channel came now. */
enum overflow stall_policy(const struct conn *conn,
                           const struct channel *channel,
                           const struct sub *sub);

/*
 * The subscription lags from now on; everything numbered up to `upto` has been
 * given to it. `sub` is NULL for live broadcasts. Gives the subscription.
 */
struct sub *stall_begin(struct conn *conn, struct channel *channel,
                        struct sub *sub, enum overflow policy, uint64_t upto);

/*
 * What is to happen to a subscription that waits for it (SUB_ASK): close, drop
 * or latest. False: the connection is to be closed.
 */
bool stall_answer(struct conn *conn, struct sub *sub, enum overflow answer);

/* A message that waits is withheld from a subscription, which lags. */
void stall_withhold(const struct pending *pending, struct sub *sub,
                    enum overflow policy);

/* So is one that is in no stream. */
void stall_miss(struct conn *conn, struct sub *sub, enum overflow policy);

/* Withheld after all not for ever: the message has been queued. */
void stall_unmiss(struct conn *conn, struct sub *sub);

/* By what policy does it lag? */
enum overflow stall_kind(const struct sub *sub);

/* It is live again, from the next message of the stream on. */
void stall_end(struct conn *conn, struct sub *sub);

/* The connection ends, or forgets: all its subscriptions are as if live. */
void stall_forget(struct conn *conn);

/* The kernel has everything: what the script answered holds no more. */
void stall_forget_answers(struct conn *conn);

/*
 * The connection's subscriptions that lag, one after the other: first NULL,
 * then the one before. NULL: that was the last. Subscriptions may end and
 * begin to lag in between, but not go.
 */
struct sub *stall_next(struct conn *conn, struct sub *before);

#endif
