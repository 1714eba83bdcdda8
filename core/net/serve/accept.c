#include "net/serve/accept.h"

#include "base/clock.h"
#include "base/log.h"
#include "net/io/socket.h"
#include "net/receive/receive.h"
#include "net/send/outbox.h"
#include "net/send/reclaim.h"
#include "net/state/conn_end.h"
#include "net/state/engine.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Connections accepted in a row that get the same keepalive time. */
enum { SAME_KEEPALIVE = 64 };

/* How long accepting pauses after an error. */
#define RETRY_AFTER (100 * CLOCK_MILLI)

/* Is there no place for one more connection of any server? */
static bool is_full(const struct engine *engine)
{
    return engine->open >= engine->most_open || conn_table_full(&engine->conns);
}

static bool may_accept(const struct server *server)
{
    return !server->paused && server->listening &&
           server->setups < server->options.maxaccepts &&
           server_count(server) + server->setups <
               server->options.maxconnections &&
           !is_full(server->engine) && !timer_runs(&server->retry);
}

void accept_update(struct server *server)
{
    struct engine *engine = server->engine;
    bool may = may_accept(server);

    engine->refused = engine->refused || (server->listening && is_full(engine));
    if (server->accepts && !may && !server->paused && server->listening)
        counters_pause_accepts(&server->counters);
    server->accepts = may;
    watch_set(engine->loop, &server->watch, may ? LOOP_READ : 0);
}

void accept_note_full(struct engine *engine)
{
    bool full = is_full(engine);
    const struct link *end = &engine->listening;

    if (full == engine->full && (full || !engine->refused))
        return;
    engine->full = full;
    engine->refused = full;
    for (struct link *at = end->next; at != end; at = at->next)
        server_ask_visit(link_owner(at, struct server, in_listening));
}

void accept_on_retry(struct timer *timer)
{
    accept_update(link_owner(timer, struct server, retry));
}

/* Pause accepting after a system error; warn at most once a second. */
static void pause_accepting(struct server *server, const char *why)
{
    uint64_t now = clock_now();

    timer_start(server->engine->loop, &server->retry, now + RETRY_AFTER);
    if (server->warned != 0 && now - server->warned < CLOCK_SECOND)
        return;
    server->warned = now;
    log_warn("accepting is paused: %s", why);
}

/* Count a connection from this address. False: it is one too many, or there is
 * no memory to count it. */
static bool count_address(struct server *server, const struct address *peer)
{
    uint64_t site = address_site(peer);

    if (server->options.maxperip == 0)
        return true;
    return sites_count(&server->sites, site) < server->options.maxperip &&
           sites_add(&server->sites, site);
}

static void close_one_too_many(struct server *server, int fd)
{
    close(fd);
    counters_close(&server->counters, REASON_PERIP);
    log_debug("closed a connection: its address has 'maxperip' already");
}

/* The header leaves at the turn's end, together with what on_connect sends. */
static void queue_header(struct conn *conn)
{
    struct server *server = conn->server;
    size_t length = server->options.header.length;

    if (length == 0)
        return;
    if (!reclaim_ensure_space(conn, length)) {
        conn_end(conn, REASON_OVERFLOW, NULL);
        return;
    }
    queue_write(&server->queues, &conn->queue, server->options.header.at,
                length, &server->shared, POOL_RESERVE);
    counters_queue_header(&server->counters, length);
    outbox_mark_dirty(conn);
}

static void begin_setup(struct server *server, int fd,
                        const struct address *peer)
{
    struct engine *engine = server->engine;
    struct conn *conn = conn_new(&engine->conns);

    conn->server = server;
    conn->fd = fd;
    conn->peer = *peer;
    conn->last_active = engine->tick;
    watch_init(&conn->watch, fd, receive_on_events);
    engine->open++;
    server->setups++;
    server->records_in_use++;
    engine_post(engine, conn, CONN_PENDING_CONNECT);
    queue_header(conn);
}

/* See socket_spread_keepalive(). Unix sockets have no keepalive. */
static void spread_keepalive(struct server *server)
{
    if (server->options.path == NULL)
        socket_spread_keepalive(
            watch_fd(&server->watch),
            server_options_socket(&server->options).keepalive,
            server->counters.accepted / SAME_KEEPALIVE);
}

/* Call accept4 once. False: do not call it again in this turn. */
static bool accept_one(struct server *server)
{
    struct address peer;
    int fd = socket_accept(watch_fd(&server->watch), &peer);

    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
            errno == ENOMEM)
            pause_accepting(server, strerror(errno));
        else if (errno != EAGAIN && errno != EINTR)
            log_debug("accept4: %s", strerror(errno)); /* the peer has left */
        return false;
    }
    counters_accept(&server->counters);
    if (server->counters.accepted % SAME_KEEPALIVE == 0)
        spread_keepalive(server);
    if (count_address(server, &peer))
        begin_setup(server, fd, &peer);
    else
        close_one_too_many(server, fd);
    return true;
}

/* At most `maxaccepts` calls in a turn, as a connection that is closed for
 * `maxperip` takes no place. */
void accept_on_readable(struct watch *watch, unsigned events)
{
    struct server *server = link_owner(watch, struct server, watch);
    uint32_t most = server->options.maxaccepts;

    if (events & LOOP_ERROR)
        pause_accepting(server, "its socket cannot be watched");
    while (most-- > 0 && may_accept(server) && accept_one(server))
        continue;
    accept_update(server);
}
