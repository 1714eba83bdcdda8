#include "net/state/stall.h"

#include "net/state/topic.h"

/* ---------------------------------------------------------------- beginning */

enum overflow stall_policy(const struct conn *conn,
                           const struct channel *channel)
{
    const struct topic *topic = channel->topic;

    if (conn->overflow != OVERFLOW_UNSET)
        return (enum overflow)conn->overflow;
    if (topic != NULL && topic->overflow != OVERFLOW_UNSET)
        return (enum overflow)topic->overflow;
    return conn->server->options.overflow;
}

/* Fill in the record of a subscription to broadcasts, which was all zero. */
static struct sub *init_broadcasts(struct conn *conn, struct channel *channel)
{
    struct sub *sub = conn_broadcasts(conn);

    *sub = (struct sub){.channel = channel, .conn = conn};
    return sub;
}

static void begin(struct conn *conn, struct sub *sub, enum sub_state state)
{
    sub->state = (uint8_t)state;
    sub->missed = 0;
    sub->channel->catching += sub_catches_up(sub);
    conn_slow_of(conn)->stalled++;
    conn_set(conn, CONN_STALLED);
}

struct sub *stall_begin(struct conn *conn, struct channel *channel,
                        struct sub *sub, enum overflow policy, uint64_t upto)
{
    if (sub == NULL || channel->topic == NULL)
        sub = init_broadcasts(conn, channel);
    begin(conn, sub, policy == OVERFLOW_LATEST ? SUB_LATEST : SUB_DROP);
    sub->from = sub->upto = upto;
    sub->arriving = false;
    sub->event_due = true;
    engine_post(conn->server->engine, conn, CONN_PENDING_STALL);
    return sub;
}

void stall_begin_snapshot(struct conn *conn, struct sub *sub)
{
    struct engine *engine = conn->server->engine;

    begin(conn, sub, SUB_LATEST);
    sub->from = engine->sequence;
    sub->upto = 0;
    sub->arriving = true;
    sub->event_due = false;
    engine_post(engine, conn, CONN_PENDING_LAG);
}

/* -------------------------------------------------------------- withholding */

void stall_count_missed(struct conn *conn, struct sub *sub)
{
    sub->missed++;
    counters_miss(&conn->server->counters, &conn->missed,
                  sub->state == SUB_LATEST ? OVERFLOW_LATEST : OVERFLOW_DROP);
}

void stall_withhold(const struct pending *pending, struct sub *sub)
{
    counters_withdraw(&pending->conn->server->counters,
                      pending_length(pending));
    stall_count_missed(pending->conn, sub);
}

void stall_uncount_missed(struct conn *conn, struct sub *sub)
{
    sub->missed--;
    counters_make_up(&conn->server->counters, &conn->missed, OVERFLOW_LATEST);
}

/* ------------------------------------------------------------------ iterate */

/* Compares addresses, because the record may be all zero. */
static bool is_of_broadcasts(const struct conn *conn, const struct sub *sub)
{
    return sub == conn_broadcasts(conn);
}

struct sub *stall_next(struct conn *conn, struct sub *before)
{
    struct sub *sub = before;

    if (before == NULL) {
        sub = conn_broadcasts(conn);
        if (sub->state != SUB_LIVE)
            return sub;
    }
    sub = is_of_broadcasts(conn, sub) ? conn->subs : sub->next;
    while (sub != NULL && sub->state == SUB_LIVE)
        sub = sub->next;
    return sub;
}

struct sub *stall_find_again(struct conn *conn, const struct topic *topic,
                             struct sub *sub)
{
    return topic == NULL ? sub : topic_find_sub(topic, conn);
}

bool stall_of_any(struct conn *conn)
{
    struct sub *sub = NULL;

    while ((sub = stall_next(conn, sub)) != NULL)
        if (!sub->arriving)
            return true;
    return false;
}

/* ---------------------------------------------------------------------- end */

/*
 * The record for broadcasts outlives the connection in its slot. It must not
 * point to the server, because the slot's next connection may have another.
 */
static void make_live(struct conn *conn, struct sub *sub)
{
    struct channel *channel = sub->channel;

    if (sub_catches_up(sub)) {
        channel->catching--;
        if (channel->topic != NULL)
            topic_unpin(channel->topic);
    }
    conn_slow_of(conn)->stalled--;
    if (is_of_broadcasts(conn, sub))
        *sub = (struct sub){.state = SUB_LIVE};
    else
        sub->state = SUB_LIVE;
}

void stall_end(struct conn *conn, struct sub *sub)
{
    make_live(conn, sub);
    if (!is_of_broadcasts(conn, sub))
        sub->since = conn->server->stream.next;
    if (conn_slow_of(conn)->stalled == 0)
        conn_clear(conn, CONN_STALLED);
}

void stall_forget(struct conn *conn)
{
    struct sub *sub = NULL;

    if (!conn_has(conn, CONN_STALLED))
        return;
    while ((sub = stall_next(conn, sub)) != NULL)
        make_live(conn, sub);
    conn_clear(conn, CONN_STALLED);
}
