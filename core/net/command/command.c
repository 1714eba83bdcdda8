#include "net/command/command.h"

#include "net/send/closing.h"
#include "net/send/drain.h"
#include "net/send/enqueue.h"
#include "net/send/fanout.h"
#include "net/send/reclaim.h"
#include "net/state/conn_end.h"
#include "net/state/pending.h"

#include <assert.h>

/* ------------------------------------------------------------------- send */

/*
 * Make sure that the message goes into the queue: offer the kernel what is
 * there, then look for bockets. COMMAND_FULL names who is full: if the pool
 * is, `*dry`.
 */
static enum command_answer find_room(struct conn *conn, size_t length,
                                     bool *dry)
{
    *dry = false;
    if (conn_fits(conn, length) && room_has(conn, length))
        return COMMAND_DONE;
    if (!conn_drain(conn))
        return COMMAND_CLOSED;
    if (!conn_fits(conn, length))
        return COMMAND_FULL;
    *dry = !room_make_for(conn, length);
    if (!conn_is_open(conn))
        return COMMAND_CLOSED;
    return *dry ? COMMAND_FULL : COMMAND_DONE;
}

/* It is owed an on_drain, when the longest it was refused fits. */
static void refuse(struct conn *conn, size_t length, bool dry)
{
    conn_set(conn, CONN_REFUSED);
    if (conn->wanted < length)
        conn->wanted = (uint32_t)length;
    if (dry)
        room_wait(conn);
}

static void put(struct conn *conn, const struct message *message)
{
    struct server *server = conn->server;
    enum pool_share share = conn_share(conn);

    conn_write(conn, message->prefix, message->prefix_length, share);
    conn_write(conn, message->data, message->data_length, share);
    conn_write(conn, message->suffix, message->suffix_length, share);
    server->queued += message->length;
    server->counts.messages_out++;
    conn->messages_out++;
    conn_queued(conn);
    conn_mark_dirty(conn);
}

enum command_answer command_send(struct shard *shard, conn_name name,
                                 const struct message *message)
{
    struct conn *conn = shard_find_open(shard, name);
    bool dry;

    if (conn == NULL)
        return COMMAND_CLOSED;
    assert(message->length <= conn->server->limit);
    if (!server_slab_holds(conn->server, message->length))
        return COMMAND_FULL;
    absorb(conn);
    if (!conn_is_open(conn))
        return COMMAND_CLOSED;

    enum command_answer answer = find_room(conn, message->length, &dry);

    if (answer == COMMAND_DONE)
        put(conn, message);
    else if (answer == COMMAND_FULL)
        refuse(conn, message->length, dry);
    return answer;
}

/* ------------------------------------------------------------------ others */

enum command_answer command_flush(struct shard *shard, conn_name name)
{
    struct conn *conn = shard_find_open(shard, name);

    if (conn == NULL)
        return COMMAND_CLOSED;
    fanout_flush(conn);
    return COMMAND_DONE;
}

void command_flush_server(struct server *server)
{
    server->held_long_enough = true;
}

/* ------------------------------------------------------------------- take */

enum take_answer command_look(const struct shard *shard, conn_name name,
                              const struct take *take)
{
    struct conn *conn = shard_find_open(shard, name);

    return conn != NULL ? pull_look(conn, take) : TAKE_CLOSED;
}

enum take_answer command_take(struct shard *shard, conn_name name,
                              const struct take *take, struct received *data)
{
    struct conn *conn = shard_find_open(shard, name);

    return conn != NULL ? pull_take(conn, take, data) : TAKE_CLOSED;
}

void command_finish(struct shard *shard, conn_name name)
{
    struct conn *conn = shard_find_open(shard, name);

    if (conn != NULL)
        pull_finish(conn);
}

void command_abandon(struct shard *shard, conn_name name)
{
    struct conn *conn = shard_find_open(shard, name);

    if (conn != NULL)
        pull_abandon(conn);
}

/* --------------------------------------------------------------- ending it */

enum command_answer command_close(struct shard *shard, conn_name name,
                                  enum reason reason, double linger)
{
    struct conn *conn = conn_find(&shard->conns, name);

    if (conn == NULL || conn->state == CONN_DEAD)
        return COMMAND_CLOSED;

    bool open = conn_is_open(conn);

    conn_close(conn, reason, linger);
    return open ? COMMAND_DONE : COMMAND_CLOSED;
}

void command_cut(struct shard *shard, conn_name name)
{
    struct conn *conn = conn_find(&shard->conns, name);

    if (conn != NULL)
        conn_cut(conn, REASON_SCRIPT, NULL);
}

enum command_answer command_pause(struct shard *shard, conn_name name,
                                  bool paused)
{
    struct conn *conn = shard_find_open(shard, name);

    if (conn == NULL)
        return COMMAND_CLOSED;
    if (paused)
        conn_set(conn, CONN_PAUSED);
    else
        conn_clear(conn, CONN_PAUSED);
    if (!paused && (conn_has(conn, CONN_HELD) || conn->server->options.pulled))
        shard_tell(shard, conn, CONN_TELL_RECEIVE);
    conn_watch(conn);
    return COMMAND_DONE;
}

/* What waits in the stream is queued for it, unless it will be withheld. */
static void add_pending(struct conn_stats *stats, struct conn *conn)
{
    struct pending pending = pending_begin(conn);

    while (pending_next(&pending)) {
        stats->queued += pending_length(&pending);
        stats->messages_out += !sub_lags(pending.sub);
    }
}

/* For what is sent, and for what has come. */
static uint32_t held_bockets(const struct conn *conn)
{
    const struct server *server = conn->server;
    size_t bockets = queue_bockets(&server->queues, &conn->queue);

    if (conn->inbox.bytes > 0)
        bockets += inbox_bockets(server->pool, &conn->inbox);
    return (uint32_t)bockets;
}

bool command_stats(const struct shard *shard, conn_name name,
                   struct conn_stats *stats)
{
    struct conn *conn = conn_find(&shard->conns, name);

    if (conn == NULL)
        return false;
    *stats = (struct conn_stats){
        .bytes_in = conn->bytes_in,
        .bytes_out = conn->bytes_out,
        .messages_in = conn->messages_in,
        .messages_out = conn->messages_out,
        .queued = conn->queue.bytes,
        .bockets = held_bockets(conn),
        .age = (double)conn_age(conn) / SHARD_TICKS,
        .missed = conn->missed,
    };
    if (conn_is_open(conn))
        add_pending(stats, conn);
    return true;
}

bool command_facts(const struct shard *shard, conn_name name,
                   struct conn_facts *facts)
{
    const struct conn *conn = conn_find(&shard->conns, name);

    if (conn == NULL)
        return false;
    *facts = (struct conn_facts){
        .id = conn->id,
        .server = conn->server,
        .peer = conn->peer,
        .resumed = conn->resumed,
        .open = conn_is_open(conn),
        .reason = conn->reason,
        .detail = conn->detail,
    };
    return true;
}

const struct form *command_form(const struct server *server, conn_name name)
{
    const struct conn *conn =
        server->reframed ? conn_find(&server->shard->conns, name) : NULL;

    return conn != NULL ? conn_form(conn) : &server->options.form;
}
