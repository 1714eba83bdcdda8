#include "net/command/command.h"

#include "net/io/socket.h"
#include "net/send/closing.h"
#include "net/send/drain.h"
#include "net/send/enqueue.h"
#include "net/send/fanout.h"
#include "net/send/outbox.h"
#include "net/send/reclaim.h"
#include "net/state/conn_end.h"
#include "net/state/holders.h"
#include "net/state/interest.h"
#include "net/state/pending.h"

#include <assert.h>
#include <stdio.h>

/* --------------------------------------------------------------------- send */

/*
 * Make sure that the message fits into the queue: offer the queue to the
 * kernel, then reclaim bockets. COMMAND_FULL: the connection is full, or, with
 * `*no_bocket`, the pool has too few bockets.
 */
static enum command_answer ensure_space(struct conn *conn, size_t length,
                                        bool *no_bocket)
{
    *no_bocket = false;
    if (outbox_fits(conn, length) && reclaim_has_space(conn, length))
        return COMMAND_DONE;
    if (!drain(conn))
        return COMMAND_CLOSED;
    if (!outbox_fits(conn, length))
        return COMMAND_FULL;
    *no_bocket = !reclaim_ensure_space(conn, length);
    if (!conn_is_open(conn))
        return COMMAND_CLOSED;
    return *no_bocket ? COMMAND_FULL : COMMAND_DONE;
}

/* An on_drain follows when the longest refused message fits. */
static void refuse(struct conn *conn, size_t length, bool no_bocket)
{
    conn_set(conn, CONN_REFUSED);
    if (conn->wanted < length)
        conn->wanted = (uint32_t)length;
    if (no_bocket)
        holders_wait(conn);
}

static void queue_message(struct conn *conn, const struct message *message)
{
    enum pool_share share = conn_share(conn);

    outbox_write(conn, message->prefix, message->prefix_length, share);
    outbox_write(conn, message->data, message->data_length, share);
    outbox_write(conn, message->suffix, message->suffix_length, share);
    counters_queue(&conn->server->counters, &conn->out, message->length);
    outbox_note_queued(conn);
    outbox_mark_dirty(conn);
}

enum command_answer command_send(struct engine *engine, conn_name name,
                                 const struct message *message)
{
    struct conn *conn = engine_find_open(engine, name);
    bool no_bocket;

    if (conn == NULL)
        return COMMAND_CLOSED;
    assert(message->length <= conn->server->limit);
    if (!server_slab_holds(conn->server, message->length))
        return COMMAND_FULL;
    enqueue_pending(conn);
    if (!conn_is_open(conn))
        return COMMAND_CLOSED;

    enum command_answer answer =
        ensure_space(conn, message->length, &no_bocket);

    if (answer == COMMAND_DONE)
        queue_message(conn, message);
    else if (answer == COMMAND_FULL)
        refuse(conn, message->length, no_bocket);
    return answer;
}

/* -------------------------------------------------------------------- flush */

enum command_answer command_flush(struct engine *engine, conn_name name)
{
    struct conn *conn = engine_find_open(engine, name);

    if (conn == NULL)
        return COMMAND_CLOSED;
    fanout_flush(conn);
    return COMMAND_DONE;
}

/* --------------------------------------------------------- buffered receive */

enum receive_result command_peek(const struct engine *engine, conn_name name,
                                 const struct receive_request *request)
{
    struct conn *conn = engine_find_open(engine, name);

    return conn != NULL ? buffered_peek(conn, request) : RECEIVE_CLOSED;
}

enum receive_result command_receive(struct engine *engine, conn_name name,
                                    const struct receive_request *request,
                                    struct received *data)
{
    struct conn *conn = engine_find_open(engine, name);

    return conn != NULL ? buffered_receive(conn, request, data)
                        : RECEIVE_CLOSED;
}

bool command_unread(const struct engine *engine, conn_name name,
                    uint64_t *until)
{
    const struct conn *conn = engine_find_open(engine, name);

    if (conn == NULL || !interest_has_unread(conn))
        return false;
    if (*until == 0)
        *until = conn->in.bytes + socket_unread(conn->fd);
    return conn->in.bytes <= *until;
}

void command_finish(struct engine *engine, conn_name name)
{
    struct conn *conn = engine_find_open(engine, name);

    if (conn != NULL)
        buffered_finish(conn);
}

void command_abandon(struct engine *engine, conn_name name)
{
    struct conn *conn = engine_find_open(engine, name);

    if (conn != NULL)
        buffered_abandon(conn);
}

/* ------------------------------------------------------------------ closing */

enum command_answer command_close(struct engine *engine, conn_name name,
                                  enum reason reason, double linger)
{
    struct conn *conn = conn_find(&engine->conns, name);

    if (conn == NULL || conn->state == CONN_DEAD)
        return COMMAND_CLOSED;

    bool open = conn_is_open(conn);

    closing_begin(conn, reason, linger);
    return open ? COMMAND_DONE : COMMAND_CLOSED;
}

void command_fail(struct engine *engine, conn_name name)
{
    struct conn *conn = conn_find(&engine->conns, name);

    if (conn != NULL)
        conn_end(conn, REASON_SCRIPT, NULL);
}

/* ------------------------------------------------------------------ pausing */

enum command_answer command_pause(struct engine *engine, conn_name name,
                                  bool paused)
{
    struct conn *conn = engine_find_open(engine, name);

    if (conn == NULL)
        return COMMAND_CLOSED;
    if (paused)
        conn_set(conn, CONN_PAUSED);
    else
        conn_clear(conn, CONN_PAUSED);
    if (!paused &&
        (conn_has(conn, CONN_HELD) || conn->server->options.buffered))
        engine_post(engine, conn, CONN_PENDING_RECEIVE);
    interest_update(conn);
    return COMMAND_DONE;
}

/* ------------------------------------------------------------------ queries */

/* Add what waits in the stream. A message that will be withheld is not counted
 * as sent, though its bytes count until then. */
static void add_pending(struct conn_stats *stats, struct conn *conn)
{
    struct pending pending = pending_begin(conn);

    while (pending_next(&pending)) {
        stats->queued += pending_length(&pending);
        stats->messages_out += !sub_is_stalled(pending.sub);
    }
}

static uint32_t held_bockets(const struct conn *conn)
{
    size_t bockets = queue_bockets(&conn->queue);

    if (conn->inbox.bytes > 0)
        bockets += inbox_bockets(conn->server->pool, &conn->inbox);
    return (uint32_t)bockets;
}

bool command_stats(const struct engine *engine, conn_name name,
                   struct conn_stats *stats)
{
    struct conn *conn = conn_find(&engine->conns, name);

    if (conn == NULL)
        return false;
    *stats = (struct conn_stats){
        .bytes_in = conn->in.bytes,
        .bytes_out = conn->out.bytes,
        .messages_in = conn->in.messages,
        .messages_out = conn->out.messages,
        .queued = conn->queue.bytes,
        .bockets = held_bockets(conn),
        .age = (double)outbox_age(conn) / ENGINE_TICKS,
        .missed = conn->missed,
    };
    if (conn_is_open(conn))
        add_pending(stats, conn);
    return true;
}

bool command_facts(const struct engine *engine, conn_name name,
                   struct conn_facts *facts)
{
    const struct conn *conn = conn_find(&engine->conns, name);

    if (conn == NULL)
        return false;
    *facts = (struct conn_facts){
        .id = conn->id,
        .server = conn->server,
        .owner = conn->server->owner,
        .peer = conn->peer,
        .resumed = conn->resumed,
        .open = conn_is_open(conn),
        .reason = conn->reason,
        .detail = conn->detail,
    };
    return true;
}

void command_describe(const struct engine *engine, conn_name name, char *out)
{
    const struct conn *conn = conn_find(&engine->conns, name);
    char text[ADDRESS_TEXT_BYTES];

    if (conn == NULL) {
        snprintf(out, COMMAND_TEXT_BYTES, "a connection that has gone");
        return;
    }
    address_format(&conn->peer, text);
    snprintf(out, COMMAND_TEXT_BYTES, "conn %llu (%s)",
             (unsigned long long)conn->id, text);
}

const struct framing *command_framing(const struct server *server,
                                      conn_name name)
{
    const struct conn *conn =
        server->reframed ? conn_find(&server->engine->conns, name) : NULL;

    return conn != NULL ? conn_framing(conn) : &server->options.framing;
}
