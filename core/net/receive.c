#include "net/receive.h"

#include "net/closing.h"
#include "net/drain.h"
#include "net/ending.h"
#include "net/fanout.h"
#include "net/room.h"
#include "net/server.h"
#include "net/shard.h"
#include "net/socket.h"

#include <errno.h>

enum { READS_PER_TURN = 8, DISCARD_BYTES = 16384 };

/* In the course of a turn its queue may have grown, and been flushed. */
static bool may_read(struct conn *conn)
{
    if (conn->state != CONN_OPEN ||
        conn_has(conn, CONN_PAUSED | CONN_PEER_ENDED))
        return false;
    if (2 * (uint64_t)conn->queue.bytes <= conn->server->limit)
        return true;
    conn_watch(conn);
    return false;
}

/* Nothing to read into: wait until the pool has something for it again. */
static void starve(struct conn *conn)
{
    conn_set(conn, CONN_STARVED);
    room_wait(conn);
    conn_watch(conn);
}

/* NULL if there is none for this connection; that may have been its end. */
static struct bocket *checkout(struct conn *conn)
{
    struct server *server = conn->server;
    struct bocket *bocket = pool_checkout(server->pool, conn_share(conn));

    if (bocket != NULL)
        return bocket;
    room_make(server, 1, conn_share(conn));
    if (conn->state != CONN_OPEN)
        return NULL;
    bocket = pool_checkout(server->pool, conn_share(conn));
    if (bocket == NULL)
        starve(conn);
    return bocket;
}

static void hand_up(struct conn *conn, struct bocket *bocket)
{
    struct server *server = conn->server;
    struct shard *shard = server->shard;
    struct segment piece = {.bocket = bocket, .length = bocket->used};
    struct received data = {
        .pool = server->pool,
        .pieces = &piece,
        .count = 1,
        .length = bocket->used,
    };

    conn->moved = shard->tick;
    conn->bytes_in += bocket->used;
    conn->messages_in++;
    server->counts.bytes_in += bocket->used;
    server->counts.messages_in++;
    shard->events.received(server->owner, conn_name_of(conn), &data);
}

static void end_of_stream(struct conn *conn)
{
    conn_set(conn, CONN_PEER_ENDED);
    if (conn->state == CONN_OPEN)
        conn_close(conn, REASON_EOF, CLOSING_LINGER);
    else if (conn->state == CONN_ENDED)
        conn_finish(conn);
    else
        conn_watch(conn);
}

/* What recv(2) said, when it was not data. */
static void no_data(struct conn *conn, ssize_t n, int error)
{
    if (n == 0)
        end_of_stream(conn);
    else if (error != EAGAIN && error != EINTR)
        conn_fail(conn, error);
}

/* One read. True: there may be more. */
static bool read_once(struct conn *conn)
{
    struct server *server = conn->server;
    size_t room = server->options.size;
    struct bocket *bocket = checkout(conn);

    if (bocket == NULL)
        return false;
    if (room > (server->limit + 1) / 2)
        room = (server->limit + 1) / 2;

    ssize_t n = socket_receive(conn->fd, bocket->bytes, room);
    int error = errno;

    if (n <= 0) {
        pool_checkin(server->pool, bocket);
        no_data(conn, n, error);
        return false;
    }
    bocket->used = (uint32_t)n;
    hand_up(conn, bocket);
    return (size_t)n == room;
}

static void receive(struct conn *conn)
{
    for (int i = 0; i < READS_PER_TURN && may_read(conn); i++)
        if (!read_once(conn))
            return;
}

/* A connection that is closing reads only to see the peer's end. */
static void discard(struct conn *conn)
{
    unsigned char scrap[DISCARD_BYTES];
    ssize_t n = socket_receive(conn->fd, scrap, sizeof scrap);

    if (n <= 0)
        no_data(conn, n, errno);
}

void receive_on_events(struct watch *watch, unsigned events)
{
    struct conn *conn = link_owner(watch, struct conn, watch);

    if (events & LOOP_WRITE)
        fanout_send_queued(conn);
    if (!(events & LOOP_READ))
        return;
    if (conn->state == CONN_OPEN)
        receive(conn);
    else if (conn->state == CONN_CLOSING || conn->state == CONN_ENDED)
        discard(conn);
}
