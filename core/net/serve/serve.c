#include "net/serve/serve.h"

#include "base/log.h"
#include "net/io/socket.h"
#include "net/send/closing.h"
#include "net/serve/accept.h"
#include "net/serve/dial.h"
#include "net/serve/listener.h"
#include "net/state/conn_end.h"
#include "net/state/topic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A message that is handed up may begin and end inside of bockets. */
enum { PIECES_MORE = 2 };

/* -------------------------------------------------------------- beginning */

static char *copy(const char *bytes, size_t length)
{
    char *own = bytes != NULL ? malloc(length + 1) : NULL;

    if (own == NULL)
        return NULL;
    memcpy(own, bytes, length);
    own[length] = '\0';
    return own;
}

static char *copy_text(const char *text)
{
    return text != NULL ? copy(text, strlen(text)) : NULL;
}

/* The server's own copies, so that they live as long as it does. */
bool server_own_options(struct server_options *own,
                        const struct server_options *given)
{
    *own = *given;
    own->host = copy_text(given->host);
    own->path = copy_text(given->path);
    own->header = copy(given->header, given->header_length);
    return (own->host != NULL) == (given->host != NULL) &&
           (own->path != NULL) == (given->path != NULL) &&
           (own->header != NULL) == (given->header != NULL);
}

void server_drop_options(struct server_options *own)
{
    free((void *)(uintptr_t)own->host);
    free((void *)(uintptr_t)own->path);
    free((void *)(uintptr_t)own->header);
}

struct segment *server_new_pieces(const struct server_options *options)
{
    return calloc(options->maxreceives + PIECES_MORE, sizeof(struct segment));
}

/* False: no memory, and some of it may be there already. */
static bool make_buffers(struct server *server, uint32_t connections)
{
    const struct server_options *options = &server->options;

    if (server->slab->pool == NULL &&
        !slab_map(server->slab, options->bockets, options->size))
        return false;
    server->pool = server->slab->pool;
    server->pieces = server_new_pieces(options);
    return server->pieces != NULL &&
           stream_init(&server->stream, server->pool, options->maxsends) &&
           queue_store_init(&server->queues, server->pool, connections,
                            options->maxsends);
}

/* All of it is given back, but for a slab that others draw on too. */
static void drop_buffers(struct server *server)
{
    free(server->pieces);
    server->pieces = NULL;
    channels_free(server);
    snapshot_free(&server->engine->cells, &server->snapshot);
    if (server->pool == NULL)
        return;
    if (server->shared != NULL)
        pool_checkin(server->pool, server->shared);
    server->shared = NULL;
    server->least_free = pool_least_free(server->pool);
    stream_free(&server->stream);
    queue_store_free(&server->queues);
    server->pool = NULL;
    if (server->slab == &server->own)
        slab_unmap(server->slab);
}

/* The flush has been held long enough: it comes at the end of this turn. */
static void on_held(struct timer *timer)
{
    link_owner(timer, struct server, hold)->held_long_enough = true;
}

static void init_record(struct server *server, struct engine *engine)
{
    server->engine = engine;
    link_init(&server->servers);
    link_init(&server->active);
    link_init(&server->channels);
    snapshot_init(&server->snapshot);
    channel_init(&server->broadcasts, server, NULL, &server->snapshot);
    link_init(&server->dirty);
    slab_init(&server->own);
    timer_init(&server->retry, accept_on_retry);
    timer_init(&server->hold, on_held);
}

static uint32_t ticks_of(double seconds)
{
    return seconds > 0 ? engine_ticks(seconds) : 0;
}

void server_apply_options(struct server *server)
{
    const struct server_options *options = &server->options;

    server->limit = options->maxsends * options->size;
    server->full_at = server->limit;
    if (options->maxqueue > 0 && options->maxqueue < server->limit)
        server->full_at = options->maxqueue;
    server->age_ticks = ticks_of(options->maxage);
    server->idle_ticks = ticks_of(options->idle_timeout);
    server->message_ticks = options->framing.kind != FRAMING_RAW
                                ? ticks_of(options->message_timeout)
                                : 0;
}

static void drop(struct server *server)
{
    dial_drop(server);
    drop_buffers(server);
    server_drop_options(&server->options);
    free(server);
}

struct server *server_new(struct engine *engine,
                          const struct server_options *options, void *owner,
                          struct slab *slab, uint32_t connections)
{
    struct server *server = calloc(1, sizeof *server);

    if (server == NULL)
        return NULL;
    init_record(server, engine);
    server->owner = owner;
    server->slab = slab != NULL ? slab : &server->own;
    if (!server_own_options(&server->options, options) ||
        !make_buffers(server, connections)) {
        drop(server);
        return NULL;
    }
    server_apply_options(server);
    return server;
}

static void begin_to_serve(struct server *server, int fd)
{
    server->listening = true;
    server->address = socket_address(fd);
    watch_init(&server->watch, fd, accept_on_readable);
    link_before(&server->engine->servers, &server->servers);
    accept_update(server);
}

struct server *server_open(struct engine *engine,
                           const struct server_options *options, void *owner,
                           const char **why)
{
    struct server *server =
        server_new(engine, options, owner, NULL, engine->conns.number);
    int fd;

    if (server == NULL) {
        *why = strerrordesc_np(ENOMEM);
        return NULL;
    }
    fd = listener_open(server, why);
    if (fd < 0) {
        drop(server);
        return NULL;
    }
    begin_to_serve(server, fd);
    return server;
}

/* -------------------------------------------------------------------- end */

void serve_stop_listening(struct server *server)
{
    if (!server->listening)
        return;
    server->listening = false;
    watch_set(server->engine->loop, &server->watch, 0);
    timer_stop(server->engine->loop, &server->retry);
    listener_close(server);
}

/* It has one connection, of which it knows where it is. */
static struct conn *only_record(const struct server *server, uint32_t *slot)
{
    struct conn *conn = &server->engine->conns.records[server->slot];

    if (*slot > server->slot)
        return NULL;
    *slot = server->slot + 1;
    return conn->state != CONN_FREE && conn->server == server ? conn : NULL;
}

struct conn *server_next_record(const struct server *server, uint32_t *slot)
{
    const struct conn_table *table = &server->engine->conns;

    if (server->outgoing)
        return only_record(server, slot);
    while (*slot < table->fresh) {
        struct conn *conn = &table->records[(*slot)++];

        if (conn->state != CONN_FREE && conn->server == server)
            return conn;
    }
    return NULL;
}

void server_close(struct server *server, enum reason reason, double linger)
{
    struct conn *conn;
    uint32_t slot = 0;

    serve_stop_listening(server);
    timer_stop(server->engine->loop, &server->hold);
    server->closing = true;
    while ((conn = server_next_record(server, &slot)) != NULL)
        closing_begin(conn, reason, linger);
}

/* What its owner does then may end some of them, but none is released. */
void server_owner_leaves(struct server *server)
{
    struct conn *conn;
    uint32_t slot = 0;

    while ((conn = server_next_record(server, &slot)) != NULL)
        if (!conn_has(conn, CONN_PENDING_CONNECT) || server->outgoing)
            server->engine->events.owner_leaves(
                server->owner, conn_name_of(conn), conn->reason, conn->detail);
}

void server_retire(struct server *server)
{
    if (!server->closing || server->unfinished > 0)
        return;
    if (server->outgoing || server->owner == NULL)
        server_free(server);
    else if (server->pool != NULL)
        drop_buffers(server);
}

void server_abandon(struct server *server)
{
    struct conn *conn;
    uint32_t slot = 0;

    serve_stop_listening(server);
    timer_stop(server->engine->loop, &server->hold);
    server->owner = NULL;
    server->closing = true;
    while (server->unfinished > 0 &&
           (conn = server_next_record(server, &slot)) != NULL)
        conn_end(conn, REASON_SHUTDOWN, NULL);
    loop_poll_at_once(server->engine->loop);
}

void server_free(struct server *server)
{
    server_abandon(server);
    link_out(&server->servers);
    sites_clear(&server->sites);
    drop(server);
}

/* ------------------------------------------------------------------- looks */

static void add_slab_stats(struct server_stats *stats,
                           const struct server *server)
{
    if (server->outgoing)
        return;
    stats->bockets = stats->bockets_free = server->options.bockets;
    stats->bockets_least = server->least_free;
    if (server->pool != NULL) {
        stats->bockets_free = pool_free_count(server->pool);
        stats->bockets_least = pool_least_free(server->pool);
    }
    stats->memory = (size_t)server->options.bockets * server->options.size;
}

struct server_stats server_stats(const struct server *server)
{
    const struct server_counts *counts = &server->counts;
    struct server_stats stats = {
        .connections = server_count(server),
        .accepted = counts->accepted,
        .bytes_in = counts->bytes_in,
        .bytes_out = counts->bytes_out,
        .messages_in = counts->messages_in,
        .messages_out = counts->messages_out,
        .queued = server->queued,
        .refused = counts->refused,
        .accepts_paused = counts->accepts_paused,
    };

    memcpy(stats.closed, counts->closed, sizeof stats.closed);
    memcpy(stats.missed_by, counts->missed_by, sizeof stats.missed_by);
    for (int i = 0; i < OVERFLOWS; i++)
        stats.missed += counts->missed_by[i];
    add_slab_stats(&stats, server);
    return stats;
}

void server_pause(struct server *server, bool paused)
{
    server->paused = paused;
    accept_update(server);
}

conn_name server_next(const struct server *server, uint32_t *slot)
{
    struct conn *conn;

    while ((conn = server_next_record(server, slot)) != NULL)
        if (conn_is_open(conn))
            return conn_name_of(conn);
    return 0;
}

conn_name engine_next(const struct engine *engine, uint32_t *slot)
{
    const struct conn_table *table = &engine->conns;

    while (*slot < table->fresh) {
        const struct conn *conn = &table->records[(*slot)++];

        if (conn_is_open(conn))
            return conn_name_of(conn);
    }
    return 0;
}
