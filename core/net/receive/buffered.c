#include "net/receive/buffered.h"

#include "net/protocol/framing.h"
#include "net/send/closing.h"
#include "net/state/conn_end.h"
#include "net/state/engine.h"
#include "net/state/holders.h"
#include "net/state/interest.h"
#include "net/state/server.h"

/* ------------------------------------------------------------------ finding */

static enum framing_found find_bytes(const struct inbox *inbox, uint32_t bytes,
                                     struct frame *frame)
{
    *frame = (struct frame){.length = bytes, .total = bytes};
    return inbox->bytes >= bytes ? FRAMING_COMPLETE : FRAMING_INCOMPLETE;
}

/* All that has come is whole once the peer has ended its stream. */
static enum framing_found find_all(const struct conn *conn, struct frame *frame)
{
    if (conn->inbox.bytes > conn->server->options.maxmessage)
        return FRAMING_TOOLONG;
    find_bytes(&conn->inbox, conn->inbox.bytes, frame);
    return conn_has(conn, CONN_PEER_ENDED) ? FRAMING_COMPLETE
                                           : FRAMING_INCOMPLETE;
}

static enum framing_found find_framing(struct conn *conn,
                                       const struct framing *framing,
                                       struct frame *frame)
{
    const struct server *server = conn->server;

    return framing_decode(framing, server->pool, &conn->inbox,
                          server->options.maxmessage, frame);
}

/* Once the peer has ended its stream, the last line needs no line end. */
static enum framing_found find_line(struct conn *conn, struct frame *frame)
{
    static const struct framing lines = {.kind = FRAMING_LINE};
    enum framing_found found = find_framing(conn, &lines, frame);

    if (found == FRAMING_INCOMPLETE && conn->inbox.bytes > 0 &&
        conn_has(conn, CONN_PEER_ENDED))
        return find_bytes(&conn->inbox, conn->inbox.bytes, frame);
    return found;
}

static enum framing_found find_requested(struct conn *conn,
                                         const struct receive_request *request,
                                         struct frame *frame)
{
    switch (request->kind) {
    case RECEIVE_BYTES:
        return find_bytes(&conn->inbox, request->bytes, frame);
    case RECEIVE_LINE:
        return find_line(conn, frame);
    case RECEIVE_ALL:
        return find_all(conn, frame);
    default:
        return find_framing(conn, conn_framing(conn), frame);
    }
}

static enum receive_result check_request(struct conn *conn,
                                         const struct receive_request *request,
                                         struct frame *frame)
{
    if (conn->state != CONN_OPEN)
        return RECEIVE_CLOSED;
    if (conn_has(conn, CONN_PAUSED))
        return RECEIVE_WAITS;
    switch (find_requested(conn, request, frame)) {
    case FRAMING_COMPLETE:
        return RECEIVE_DONE;
    case FRAMING_TOOLONG:
        return RECEIVE_TOOLONG;
    default:
        return conn_has(conn, CONN_PEER_ENDED) ? RECEIVE_ENDED : RECEIVE_WAITS;
    }
}

enum receive_result buffered_peek(struct conn *conn,
                                  const struct receive_request *request)
{
    struct frame frame;

    return check_request(conn, request, &frame);
}

bool buffered_is_partial(struct conn *conn)
{
    struct frame frame;

    return conn->inbox.bytes > 0 &&
           find_framing(conn, conn_framing(conn), &frame) == FRAMING_INCOMPLETE;
}

/* ------------------------------------------------------------------- taking */

struct received buffered_extract(struct conn *conn, const struct frame *frame)
{
    struct server *server = conn->server;
    struct received data = {
        .pool = server->pool,
        .pieces = server->pieces,
        .length = frame->length,
        .count = inbox_pieces(server->pool, &conn->inbox, frame->begins,
                              frame->length, server->pieces),
    };

    inbox_consume(server->pool, &conn->inbox, frame->total);
    interest_begin_message(conn);
    counters_hand_over(&server->counters, &conn->in);
    return data;
}

enum receive_result buffered_receive(struct conn *conn,
                                     const struct receive_request *request,
                                     struct received *data)
{
    struct frame frame;
    enum receive_result answer = check_request(conn, request, &frame);

    if (answer == RECEIVE_DONE) {
        *data = buffered_extract(conn, &frame);
        holders_update(conn);
        interest_update(conn);
    } else if (answer == RECEIVE_TOOLONG) {
        conn_end(conn, REASON_TOOLONG, NULL);
    }
    return answer;
}

/* ---------------------------------------------------------- events, closing */

void buffered_finish(struct conn *conn)
{
    bool ended = conn_has(conn, CONN_PEER_ENDED);
    bool partial = ended && buffered_is_partial(conn);

    if (conn->state != CONN_OPEN)
        return;
    closing_begin(conn, ended ? REASON_EOF : REASON_LOCAL, LINGER_SECONDS);
    if (partial && conn->reason == REASON_EOF)
        conn->detail = DETAIL_INCOMPLETE;
}

void buffered_deliver(struct conn *conn)
{
    struct server *server = conn->server;

    if (conn->state != CONN_OPEN)
        return;
    if (conn_has(conn, CONN_ABANDONED) && conn_has(conn, CONN_PEER_ENDED)) {
        buffered_finish(conn);
        return;
    }
    if (conn->inbox.bytes > 0 && server->ticks.message_timeout > 0)
        engine_set_deadline(server->engine, conn,
                            conn->message_began +
                                server->ticks.message_timeout);
    holders_update(conn);
    interest_update(conn);
    server->engine->events.arrived(server->owner, conn_name_of(conn));
}

void buffered_abandon(struct conn *conn)
{
    if (conn->state != CONN_OPEN)
        return;
    conn_set(conn, CONN_ABANDONED);
    if (conn_has(conn, CONN_PEER_ENDED))
        buffered_finish(conn);
}
