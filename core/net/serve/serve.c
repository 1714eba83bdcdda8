#include "net/serve/serve.h"

#include "net/serve/accept.h"
#include "net/serve/dial.h"
#include "net/serve/listener.h"
#include "net/state/conn_end.h"
#include "net/state/topic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Pieces beyond `maxreceives`: a message may begin and end inside a bocket. */
enum { EXTRA_PIECES = 2 };

/* ---------------------------------------------------------------- beginning */

struct segment *serve_new_pieces(const struct server_options *options)
{
    return calloc(options->maxreceives + EXTRA_PIECES, sizeof(struct segment));
}

/* False: no memory; call drop_buffers() then too. */
static bool make_buffers(struct server *server)
{
    const struct server_options *options = &server->options;

    if (server->slab->pool == NULL &&
        !slab_map(server->slab, options->bockets, options->size))
        return false;
    server->pool = server->slab->pool;
    server->queues = (struct queue_store){server->pool, &server->slab->blocks};
    server->pieces = serve_new_pieces(options);
    return server->pieces != NULL &&
           stream_init(&server->stream, server->pool, options->maxsends);
}

/* Free all buffers, except a slab that other servers use too. */
static void drop_buffers(struct server *server)
{
    free(server->pieces);
    server->pieces = NULL;
    topic_free_channels(server);
    snapshot_free(&server->engine->cells, &server->snapshot);
    if (server->pool == NULL)
        return;
    if (server->shared != NULL)
        pool_checkin(server->pool, server->shared);
    server->shared = NULL;
    server->least_free = pool_least_free(server->pool);
    stream_free(&server->stream);
    server->pool = NULL;
    if (server->slab == &server->own)
        slab_unmap(server->slab);
}

/* `coalesce` is over: flush at the end of this turn. */
static void on_hold_over(struct timer *timer)
{
    struct server *server = link_owner(timer, struct server, hold);

    server->end_hold = true;
    server_ask_visit(server);
}

static void init_record(struct server *server, struct engine *engine)
{
    server->engine = engine;
    link_init(&server->servers);
    link_init(&server->visit);
    link_init(&server->in_listening);
    link_init(&server->active);
    link_init(&server->channels);
    snapshot_init(&server->snapshot);
    channel_init(&server->broadcasts, server, NULL, &server->snapshot);
    link_init(&server->dirty);
    slab_init(&server->own);
    timer_init(&server->retry, accept_on_retry);
    timer_init(&server->hold, on_hold_over);
}

/* 0 seconds, no limit, gives 0 ticks. */
static uint32_t ticks_or_none(double seconds)
{
    return seconds > 0 ? engine_ticks(seconds) : 0;
}

#define SET_SECONDS(name) server->ticks.name = ticks_or_none(options->name);
#define SET_INTEGER(name)
#define SET_BOOLEAN(name)
#define SET_TEXT(name)
#define SET_BYTES(name)
#define SET_MODE(name)
#define SET_FRAMING(name)
#define SET_OVERFLOW(name)
#define SET_TICKS(name, kind, least, most, otherwise, of) SET_##kind(name)

void serve_apply_options(struct server *server)
{
    const struct server_options *options = &server->options;

    server->limit = options->maxsends * options->size;
    server->limit_behind = server->limit;
    if (options->maxqueue > 0 && options->maxqueue < server->limit)
        server->limit_behind = options->maxqueue;
    OPTIONS(SET_TICKS)
    if (options->framing.kind == FRAMING_RAW)
        server->ticks.message_timeout = 0;
}

void serve_drop(struct server *server)
{
    dial_free(server);
    drop_buffers(server);
    server_options_free(&server->options);
    free(server);
}

struct server *serve_new(struct engine *engine,
                         const struct server_options *options, void *owner,
                         struct slab *slab)
{
    struct server *server = calloc(1, sizeof *server);

    if (server == NULL)
        return NULL;
    init_record(server, engine);
    server->owner = owner;
    server->slab = slab != NULL ? slab : &server->own;
    if (!server_options_copy(&server->options, options) ||
        !make_buffers(server)) {
        serve_drop(server);
        return NULL;
    }
    serve_apply_options(server);
    return server;
}

/* ---------------------------------------------------------------------- end */

void serve_stop_listening(struct server *server)
{
    if (!server->listening)
        return;
    server->listening = false;
    server->adoptable = false;
    link_out(&server->in_listening);
    watch_set(server->engine->loop, &server->watch, 0);
    timer_stop(server->engine->loop, &server->retry);
    listener_close(server);
}

void serve_begin_closing(struct server *server)
{
    serve_stop_listening(server);
    timer_stop(server->engine->loop, &server->hold);
    server->closing = true;
    server_ask_visit(server);
}

void serve_end_all(struct server *server)
{
    struct server_place place = server_records(server);
    struct conn *conn;

    serve_begin_closing(server);
    while ((conn = server_next_record(server, &place)) != NULL)
        conn_end(conn, REASON_SHUTDOWN, NULL);
}

/* From now on its figures are part of those of the servers freed. */
static void leave_engine(struct server *server)
{
    if (link_alone(&server->servers))
        return;
    link_out(&server->servers);
    sites_clear(&server->sites);
    counters_add(&server->engine->freed_counters, &server->counters);
}

void serve_free(struct server *server)
{
    server->owner = NULL;
    serve_end_all(server);
    leave_engine(server);
    link_out(&server->visit);
    serve_drop(server);
}

/* It stays as it is, in no list, for those who ask its owner for figures. */
static void retire(struct server *server)
{
    if (link_alone(&server->servers))
        return;
    drop_buffers(server);
    leave_engine(server);
    server->engine->events.retired(server->owner);
}

void serve_retire(struct server *server)
{
    if (!server->closing || server->records_in_use > 0)
        return;
    if (server->outgoing || server->owner == NULL)
        serve_free(server);
    else
        retire(server);
}
