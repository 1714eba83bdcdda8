/*
 * counters.h - all figures that servers count, one row each
 *
 * Only the tables below name the figures: the structs, the sums over all
 * servers, server:stats() and fes.stats() are made from them.
 *
 * Counters change only in the functions below, one for each kind of event. They
 * grow; `messages_out` and `missed` fall when a message is withheld, or queued,
 * after all. A gauge is computed when it is asked for (server_stats()), except
 * `queued`, which is counted as `unsent`.
 */
#ifndef FES_STATE_COUNTERS_H
#define FES_STATE_COUNTERS_H

#include "net/state/overflow.h"
#include "net/state/reason.h"

#include <stddef.h>
#include <stdint.h>

/*      name */
#define COUNTERS(COUNTER)                                          \
    COUNTER(accepted)       /* connections */                      \
    COUNTER(accepts_paused) /* times that accepting had to stop */ \
    COUNTER(bytes_in)                                              \
    COUNTER(bytes_out) /* taken by the kernel */                   \
    COUNTER(messages_in)                                           \
    COUNTER(messages_out) /* queued for a receiver */              \
    COUNTER(missed)       /* messages withheld from a receiver */  \
    COUNTER(refused)      /* broadcasts and publishes without memory */

/*    name       kinds      function that names a kind */
#define COUNTER_ARRAYS(ARRAY)                             \
    ARRAY(closed, REASONS, reason_name) /* connections */ \
    ARRAY(missed_by, OVERFLOWS, overflow_name)

/*      name */
#define GAUGES(GAUGE)                                          \
    GAUGE(connections) /* open now */                          \
    GAUGE(queued)      /* bytes not yet given to the kernel */ \
    GAUGE(bockets)     /* in the slab */                       \
    GAUGE(bockets_free)                                        \
    GAUGE(bockets_least) /* fewest that were ever free */

#define COUNTERS_FIELD(name)            uint64_t name;
#define COUNTERS_ARRAY(name, kinds, fn) uint64_t name[kinds];

/* The counters of one server, or sums of several. */
struct counters {
    COUNTERS(COUNTERS_FIELD)
    COUNTER_ARRAYS(COUNTERS_ARRAY)
    uint64_t unsent; /* the gauge `queued` */
};

/* The counters of one connection in one direction. */
struct traffic {
    uint64_t bytes;
    uint64_t messages;
};

/* All figures of one server, or sums of several. */
struct server_stats {
    struct counters counters;
    GAUGES(COUNTERS_FIELD)
};

/* Add one server's counters, or all of its figures, to a sum. */
void counters_add(struct counters *sum, const struct counters *one);
void counters_add_stats(struct server_stats *sum,
                        const struct server_stats *one);

/* ------------------------------------------------------------------- accept */

static inline void counters_accept(struct counters *counters)
{
    counters->accepted++;
}

static inline void counters_pause_accepts(struct counters *counters)
{
    counters->accepts_paused++;
}

static inline void counters_close(struct counters *counters, enum reason reason)
{
    counters->closed[reason]++;
}

/* ------------------------------------------------------------------ receive */

/* Bytes were received from the peer. */
static inline void counters_receive(struct counters *counters,
                                    struct traffic *in, size_t bytes)
{
    counters->bytes_in += bytes;
    in->bytes += bytes;
}

/* A whole message was handed over. */
static inline void counters_hand_over(struct counters *counters,
                                      struct traffic *in)
{
    counters->messages_in++;
    in->messages++;
}

/* --------------------------------------------------------------------- send */

/* A message of `bytes` was queued for one connection alone. */
static inline void counters_queue(struct counters *counters,
                                  struct traffic *out, size_t bytes)
{
    counters->messages_out++;
    counters->unsent += bytes;
    out->messages++;
}

/* A header was queued, which does not count as a message. */
static inline void counters_queue_header(struct counters *counters,
                                         size_t bytes)
{
    counters->unsent += bytes;
}

/* A message was written into the stream for `receivers` connections. */
static inline void counters_publish(struct counters *counters, size_t bytes,
                                    uint32_t receivers)
{
    counters->messages_out += receivers;
    counters->unsent += bytes * receivers;
}

/* Messages of the stream were given to one receiver, or queued for it. */
static inline void counters_deliver(struct traffic *out, uint32_t messages)
{
    out->messages += messages;
}

/* A message of `published` bytes in the stream was queued for one receiver in
 * another framing, as `queued` bytes. */
static inline void counters_reframe(struct counters *counters, size_t published,
                                    size_t queued)
{
    counters->unsent += queued - published;
}

/* A broadcast or publish found no memory. */
static inline void counters_refuse(struct counters *counters)
{
    counters->refused++;
}

/* The kernel took bytes. */
static inline void counters_send(struct counters *counters, struct traffic *out,
                                 size_t bytes)
{
    counters->bytes_out += bytes;
    counters->unsent -= bytes;
    out->bytes += bytes;
}

/* Unsent bytes were discarded. */
static inline void counters_discard(struct counters *counters, size_t bytes)
{
    counters->unsent -= bytes;
}

/* ----------------------------------------------------------------- withhold */

/* A message in the stream is withheld from one of its receivers. */
static inline void counters_withdraw(struct counters *counters, size_t bytes)
{
    counters->messages_out--;
    counters->unsent -= bytes;
}

/* A connection misses a message by `policy`; `missed` is its own counter. */
static inline void counters_miss(struct counters *counters, uint64_t *missed,
                                 enum overflow policy)
{
    counters->missed++;
    counters->missed_by[policy]++;
    ++*missed;
}

/* A message counted as missed was queued after all. */
static inline void counters_make_up(struct counters *counters, uint64_t *missed,
                                    enum overflow policy)
{
    counters->missed--;
    counters->missed_by[policy]--;
    --*missed;
}

#endif
