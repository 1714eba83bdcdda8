#include "net/state/stall.h"

#include "net/state/topic.h"

/* ------------------------------------------------------------------- policy */

/* In place of OVERFLOW_ASK: the answer, if there is one. */
static enum overflow apply_answer(unsigned policy, unsigned answer)
{
    return policy == OVERFLOW_ASK && answer != OVERFLOW_UNSET
               ? (enum overflow)answer
               : (enum overflow)policy;
}

enum overflow stall_policy(const struct conn *conn,
                           const struct channel *channel, const struct sub *sub)
{
    const struct topic *topic = channel->topic;

    if (conn->overflow != OVERFLOW_UNSET)
        return apply_answer(conn->overflow, conn->answer);
    if (topic != NULL && topic->overflow != OVERFLOW_UNSET)
        return apply_answer(topic->overflow, sub->answer);
    return apply_answer(conn->server->options.overflow, conn->answer);
}

enum overflow stall_kind(const struct sub *sub)
{
    return sub->state == SUB_LATEST ? OVERFLOW_LATEST : OVERFLOW_DROP;
}

/* ---------------------------------------------------------------- beginning */

static enum sub_state state_of_policy(enum overflow policy)
{
    if (policy == OVERFLOW_LATEST)
        return SUB_LATEST;
    return policy == OVERFLOW_ASK ? SUB_ASK : SUB_DROP;
}

/* Fill in the record of a subscription to broadcasts, which was all zero. */
static struct sub *init_broadcasts(struct conn *conn, struct channel *channel)
{
    struct sub *sub = conn_broadcasts(conn);

    *sub = (struct sub){
        .channel = channel,
        .conn = conn,
        .answer = OVERFLOW_UNSET,
    };
    return sub;
}

struct sub *stall_begin(struct conn *conn, struct channel *channel,
                        struct sub *sub, enum overflow policy, uint64_t upto)
{
    if (sub == NULL || channel->topic == NULL)
        sub = init_broadcasts(conn, channel);
    sub->state = (uint8_t)state_of_policy(policy);
    sub->from = sub->upto = upto;
    sub->missed = 0;
    sub->asked = false;
    channel->catching += sub_catches_up(sub);
    conn_set(conn, CONN_STALLED);
    if (sub->state == SUB_ASK)
        engine_post(conn->server->engine, conn, CONN_PENDING_ASK);
    return sub;
}

/* The answer holds until the kernel has taken everything. */
static void remember_answer(struct conn *conn, struct sub *sub,
                            enum overflow answer)
{
    const struct topic *topic = sub->channel->topic;

    if (!conn_has(conn, CONN_BEHIND))
        return;
    conn_set(conn, CONN_ANSWERED);
    if (conn->overflow == OVERFLOW_UNSET && topic != NULL &&
        topic->overflow != OVERFLOW_UNSET)
        sub->answer = (uint8_t)answer;
    else
        conn->answer = (uint8_t)answer;
}

/* What was counted under "drop" may still be queued: count it anew. */
static void become_latest(struct conn *conn, struct sub *sub)
{
    counters_move_missed(&conn->server->counters, sub->missed, OVERFLOW_DROP,
                         OVERFLOW_LATEST);
    sub->state = SUB_LATEST;
}

static void become_drop(struct sub *sub)
{
    sub->channel->catching--;
    sub->state = SUB_DROP;
}

bool stall_answer(struct conn *conn, struct sub *sub, enum overflow answer)
{
    remember_answer(conn, sub, answer);
    if (answer == OVERFLOW_CLOSE)
        return false;
    if (answer == OVERFLOW_LATEST)
        become_latest(conn, sub);
    else
        become_drop(sub);
    engine_post(conn->server->engine, conn, CONN_PENDING_LAG);
    return true;
}

/* -------------------------------------------------------------- withholding */

void stall_count_missed(struct conn *conn, struct sub *sub,
                        enum overflow policy)
{
    sub->missed++;
    counters_miss(&conn->server->counters, &conn->missed,
                  policy == OVERFLOW_ASK ? OVERFLOW_DROP : policy);
}

void stall_withhold(const struct pending *pending, struct sub *sub,
                    enum overflow policy)
{
    counters_withdraw(&pending->conn->server->counters,
                      pending_length(pending));
    stall_count_missed(pending->conn, sub, policy);
}

void stall_uncount_missed(struct conn *conn, struct sub *sub)
{
    sub->missed--;
    counters_make_up(&conn->server->counters, &conn->missed, OVERFLOW_LATEST);
}

/* ---------------------------------------------------------------------- end */

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

/*
 * The record for broadcasts outlives the connection in its slot. It must not
 * point to the server, because the slot's next connection may have another.
 */
static void make_live(struct conn *conn, struct sub *sub)
{
    sub->channel->catching -= sub_catches_up(sub);
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
    if (stall_next(conn, NULL) == NULL)
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

void stall_forget_answers(struct conn *conn)
{
    conn_clear(conn, CONN_ANSWERED);
    conn->answer = OVERFLOW_UNSET;
    for (struct sub *sub = conn->subs; sub != NULL; sub = sub->next)
        sub->answer = OVERFLOW_UNSET;
}
