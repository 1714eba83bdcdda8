#include "net/receive/buffered.h"

#include "net/protocol/framing.h"
#include "net/send/closing.h"
#include "net/send/drain.h"
#include "net/state/conn_end.h"
#include "net/state/engine.h"
#include "net/state/server.h"

/* ----------------------------------------------------------------- finding */

static enum form_found find_bytes(const struct inbox *inbox, uint32_t bytes,
                                  struct frame *frame)
{
    *frame = (struct frame){.length = bytes, .total = bytes};
    return inbox->bytes >= bytes ? FORM_WHOLE : FORM_PART;
}

/* All that has come; it is whole once the peer has ended. */
static enum form_found find_all(const struct conn *conn, struct frame *frame)
{
    if (conn->inbox.bytes > conn->server->options.maxmessage)
        return FORM_TOOLONG;
    find_bytes(&conn->inbox, conn->inbox.bytes, frame);
    return conn_has(conn, CONN_PEER_ENDED) ? FORM_WHOLE : FORM_PART;
}

static enum form_found find_form(struct conn *conn, const struct form *form,
                                 struct frame *frame)
{
    const struct server *server = conn->server;

    return form_decode(form, server->pool, &conn->inbox,
                       server->options.maxmessage, frame);
}

/* The last line is one too if its end is missing. */
static enum form_found find_line(struct conn *conn, struct frame *frame)
{
    static const struct form lines = {.kind = FORM_LINE};
    enum form_found found = find_form(conn, &lines, frame);

    if (found == FORM_PART && conn->inbox.bytes > 0 &&
        conn_has(conn, CONN_PEER_ENDED))
        return find_bytes(&conn->inbox, conn->inbox.bytes, frame);
    return found;
}

static enum form_found find(struct conn *conn, const struct take *take,
                            struct frame *frame)
{
    switch (take->kind) {
    case TAKE_BYTES:
        return find_bytes(&conn->inbox, take->bytes, frame);
    case TAKE_LINE:
        return find_line(conn, frame);
    case TAKE_ALL:
        return find_all(conn, frame);
    default:
        return find_form(conn, conn_form(conn), frame);
    }
}

static enum take_answer look(struct conn *conn, const struct take *take,
                             struct frame *frame)
{
    if (conn->state != CONN_OPEN)
        return TAKE_CLOSED;
    if (conn_has(conn, CONN_PAUSED))
        return TAKE_WAITS;
    switch (find(conn, take, frame)) {
    case FORM_WHOLE:
        return TAKE_DONE;
    case FORM_TOOLONG:
        return TAKE_TOOLONG;
    default:
        return conn_has(conn, CONN_PEER_ENDED) ? TAKE_ENDED : TAKE_WAITS;
    }
}

enum take_answer pull_look(struct conn *conn, const struct take *take)
{
    struct frame frame;

    return look(conn, take, &frame);
}

bool pull_is_partial(struct conn *conn)
{
    struct frame frame;

    return conn->inbox.bytes > 0 &&
           find_form(conn, conn_form(conn), &frame) == FORM_PART;
}

/* ------------------------------------------------------------------ taking */

static void hand_out(struct conn *conn, const struct frame *frame,
                     struct received *data)
{
    struct server *server = conn->server;

    *data = (struct received){
        .pool = server->pool,
        .pieces = server->pieces,
        .length = frame->length,
        .count = inbox_pieces(server->pool, &conn->inbox, frame->begins,
                              frame->length, server->pieces),
    };
    inbox_consume(server->pool, &conn->inbox, frame->total);
    conn->begun = server->shard->tick;
    conn->messages_in++;
    server->counts.messages_in++;
    conn_keep_place(conn);
    conn_watch(conn);
}

enum take_answer pull_take(struct conn *conn, const struct take *take,
                           struct received *data)
{
    struct frame frame;
    enum take_answer answer = look(conn, take, &frame);

    if (answer == TAKE_DONE)
        hand_out(conn, &frame, data);
    else if (answer == TAKE_TOOLONG)
        conn_cut(conn, REASON_TOOLONG, NULL);
    return answer;
}

/* -------------------------------------------------------- closing, telling */

void pull_finish(struct conn *conn)
{
    bool ended = conn_has(conn, CONN_PEER_ENDED);
    bool partial = ended && pull_is_partial(conn);

    if (conn->state != CONN_OPEN)
        return;
    conn_close(conn, ended ? REASON_EOF : REASON_LOCAL, CLOSING_LINGER);
    if (partial && conn->reason == REASON_EOF)
        conn->detail = DETAIL_INCOMPLETE;
}

void pull_tell(struct conn *conn)
{
    struct server *server = conn->server;

    if (conn->state != CONN_OPEN)
        return;
    if (conn_has(conn, CONN_ABANDONED) && conn_has(conn, CONN_PEER_ENDED)) {
        pull_finish(conn);
        return;
    }
    if (conn->inbox.bytes > 0 && server->message_ticks > 0)
        shard_hang(server->shard, conn, conn->begun + server->message_ticks);
    conn_keep_place(conn);
    conn_watch(conn);
    server->shard->events.arrived(server->owner, conn_name_of(conn));
}

void pull_abandon(struct conn *conn)
{
    if (conn->state != CONN_OPEN)
        return;
    conn_set(conn, CONN_ABANDONED);
    if (conn_has(conn, CONN_PEER_ENDED))
        pull_finish(conn);
}
