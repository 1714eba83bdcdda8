#include "net/send/catchup.h"

#include "base/clock.h"
#include "net/send/drain.h"
#include "net/send/enqueue.h"
#include "net/send/outbox.h"
#include "net/send/reclaim.h"
#include "net/state/event.h"
#include "net/state/holders.h"
#include "net/state/stall.h"
#include "net/state/topic.h"

#include <string.h>

/* ---------------------------------------------------------------- one entry */

/* The message may have been retained before this server was opened, or had
 * other options: its framing or its limit may not allow the message. */
static bool can_carry(const struct conn *conn, const struct entry *entry)
{
    const struct server *server = conn->server;
    const struct framing *framing = conn_framing(conn);
    const struct cells *cells = &server->engine->cells;
    struct cell_reader reader = snapshot_read(cells, entry);
    size_t length = framing_overhead(framing) + entry->length;
    const void *part;
    size_t n;

    if (length > server->limit || !server_slab_holds(server, length))
        return false;
    if (framing->kind != FRAMING_LINE)
        return framing_refuses(framing, NULL, entry->length) == NULL;
    while ((part = cells_next(cells, &reader, SIZE_MAX, &n)) != NULL)
        if (memchr(part, '\n', n) != NULL)
            return false;
    return true;
}

/* Take the share before writing: the first part makes the queue a holder. */
static void write_entry(struct conn *conn, const struct entry *entry,
                        const struct message *message)
{
    const struct cells *cells = &conn->server->engine->cells;
    struct cell_reader reader = snapshot_read(cells, entry);
    enum pool_share share = conn_share(conn);
    const void *part;
    size_t n;

    outbox_write(conn, message->prefix, message->prefix_length, share);
    while ((part = cells_next(cells, &reader, SIZE_MAX, &n)) != NULL)
        outbox_write(conn, part, n, share);
    outbox_write(conn, message->suffix, message->suffix_length, share);
}

/* False: not now. If the pool has no bocket, the connection waits in line. */
static bool ensure_space(struct conn *conn, size_t length)
{
    if (outbox_fits(conn, length) && reclaim_has_space(conn, length))
        return true;
    if (conn->queue.count > 0 && (!drain(conn) || conn_has(conn, CONN_BEHIND)))
        return false;
    if (reclaim_ensure_space(conn, length) || !conn_is_open(conn))
        return conn_is_open(conn);
    holders_await_space(conn, length);
    return false;
}

static bool queue_entry(struct conn *conn, struct sub *sub,
                        const struct entry *entry)
{
    struct message message =
        framing_encode(conn_framing(conn), NULL, entry->length);

    if (!ensure_space(conn, message.length))
        return false;
    if (!conn_has(conn, CONN_REFUSED))
        conn->wanted = 0;
    write_entry(conn, entry, &message);
    counters_queue(&conn->server->counters, &conn->out, message.length);
    if (entry->sequence > sub->from)
        stall_uncount_missed(conn, sub);
    outbox_note_queued(conn);
    outbox_mark_dirty(conn);
    return true;
}

/* ------------------------------------------------------------- the snapshot */

/* Drain once a bocket is filled. False: the kernel takes no more. */
static bool keeps_up(struct conn *conn)
{
    if (conn->queue.bytes >= conn->server->options.size && !drain(conn))
        return false;
    return !conn_has(conn, CONN_BEHIND);
}

/* `except` of a publish counts for messages of this stall only: a snapshot sent
 * to a new subscriber includes those that it was excluded from before. */
static bool is_excluded(const struct conn *conn, const struct sub *sub,
                        const struct entry *entry)
{
    return entry->except == conn_name_of(conn) && entry->sequence > sub->from;
}

/* Queue what the subscription lacks. False: it does not have everything yet. */
static bool queue_snapshot(struct conn *conn, struct sub *sub)
{
    const struct snapshot *snapshot = sub->channel->snapshot;
    struct entry *entry;

    if (conn_has(conn, CONN_BEHIND))
        return false;
    entry = snapshot_after(snapshot, sub->upto);
    for (; entry != NULL; entry = snapshot_next(snapshot, entry)) {
        if (!keeps_up(conn))
            return false;
        if (!is_excluded(conn, sub, entry) && can_carry(conn, entry) &&
            !queue_entry(conn, sub, entry))
            return false;
        sub->upto = entry->sequence;
        if (sub->channel->topic != NULL)
            topic_unpin(sub->channel->topic);
    }
    return !conn_has(conn, CONN_BEHIND);
}

/* ------------------------------------------------------------------ the end */

static bool has_space_again(struct conn *conn)
{
    const struct server *server = conn->server;

    return conn_is_half_free(conn, server->limit_behind) &&
           !queue_lacks_blocks(&server->queues, &conn->queue) &&
           outbox_fits(conn, 1);
}

/* Does the slab have what it refused to the connection? If that keeps up again,
 * it needs nothing. */
static bool slab_has_space_again(const struct conn *conn)
{
    return !conn_has(conn, CONN_BEHIND) || link_alone(&conn->waiting);
}

static void leave_line(struct conn *conn)
{
    if (conn_has(conn, CONN_REFUSED | CONN_STARVED))
        return;
    link_out(&conn->waiting);
    conn->wanted = 0;
}

static bool can_end(struct conn *conn, struct sub *sub)
{
    if (sub->state == SUB_DROP)
        return has_space_again(conn) && slab_has_space_again(conn);
    return sub->state == SUB_LATEST && queue_snapshot(conn, sub);
}

/* The next one behind `sub` (NULL: the first) of which the stall can end. */
static struct sub *next_to_end(struct conn *conn, struct sub *sub)
{
    while (conn_has(conn, CONN_STALLED) &&
           (sub = stall_next(conn, sub)) != NULL) {
        bool ends = can_end(conn, sub);

        if (conn->state != CONN_OPEN)
            return NULL;
        if (ends)
            return sub;
    }
    return NULL;
}

static void end_stall(struct conn *conn, struct sub *sub)
{
    struct server *server = conn->server;
    struct topic *topic = sub->channel->topic;
    uint64_t missed = sub->missed;

    stall_end(conn, sub);
    leave_line(conn);
    if (missed > 0)
        server->engine->events.lagged(server->owner, conn_name_of(conn), missed,
                                      topic);
}

/* False: not stalled, or the rest goes on in the next turn. */
static bool may_go_on(struct conn *conn)
{
    struct engine *engine = conn->server->engine;

    if (conn->state != CONN_OPEN || !conn_has(conn, CONN_STALLED))
        return false;
    if (clock_now() <= engine->catch_up_until)
        return true;
    engine_post(engine, conn, CONN_PENDING_LAG);
    return false;
}

/*
 * Messages that wait in the stream belong to the stall, so they are withheld
 * first. A handler may change any subscription, also the one that it is told
 * of.
 */
void catchup(struct conn *conn)
{
    struct sub *sub = NULL;

    while (may_go_on(conn)) {
        const struct topic *topic;

        enqueue_pending(conn);
        if (conn->state != CONN_OPEN || (sub = next_to_end(conn, sub)) == NULL)
            return;
        topic = sub->channel->topic;
        end_stall(conn, sub);
        sub = stall_find_again(conn, topic, sub);
    }
}
