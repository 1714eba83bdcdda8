#include "net/command/adopt.h"

#include "base/log.h"
#include "net/receive/buffered.h"
#include "net/send/enqueue.h"
#include "net/send/reclaim.h"
#include "net/serve/accept.h"
#include "net/serve/listener.h"
#include "net/serve/serve.h"
#include "net/state/engine.h"
#include "net/state/interest.h"
#include "net/state/server.h"
#include "net/state/topic.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What replaces the parts of a server; after the commit, what was replaced. */
struct adoption {
    struct server *server;
    struct server_options options; /* with own copies of what they point at */
    struct segment *pieces;        /* longer than the server's; else NULL */
    uint8_t place; /* in old_framings, of the framing that is replaced */
};

/* ------------------------------------------------------------------ finding */

void adopt_begin(struct engine *engine)
{
    const struct link *end = &engine->listening;

    for (struct link *at = end->next; at != end; at = at->next)
        link_owner(at, struct server, in_listening)->adoptable = true;
}

/* The address that a server with these options would listen on. */
static bool resolve(const struct server_options *options,
                    struct address *address)
{
    struct sockaddr_storage at;
    socklen_t length;

    if (address_resolve(options->host, (uint16_t)options->port, &at, &length) !=
        NULL)
        return false;
    *address = address_from((struct sockaddr *)&at);
    return true;
}

static bool listens_at(const struct server *server,
                       const struct address *address)
{
    uint16_t port = address->port != 0 ? server->address.port
                                       : (uint16_t)server->options.port;

    return server->options.path == NULL && port == address->port &&
           server->address.family == address->family &&
           memcmp(server->address.bytes, address->bytes,
                  sizeof address->bytes) == 0;
}

static bool listens_at_path(const struct server *server, const char *path)
{
    return server->options.path != NULL &&
           strcmp(server->options.path, path) == 0;
}

struct server *adopt_find(struct engine *engine,
                          const struct server_options *options)
{
    struct address address;

    if (options->path == NULL && !resolve(options, &address))
        return NULL;
    for (struct link *at = engine->listening.next; at != &engine->listening;
         at = at->next) {
        struct server *server = link_owner(at, struct server, in_listening);

        if (server->adoptable &&
            (options->path != NULL ? listens_at_path(server, options->path)
                                   : listens_at(server, &address)))
            return server;
    }
    return NULL;
}

/* ---------------------------------------------------------------- preparing */

static bool prepare_pieces(struct adoption *adoption)
{
    const struct server *server = adoption->server;

    if (adoption->options.maxreceives <= server->options.maxreceives)
        return true;
    adoption->pieces = serve_new_pieces(&adoption->options);
    return adoption->pieces != NULL;
}

/* The place in old_framings that holds the server's framing, or is unused.
 * MOST_OLD_FRAMINGS: there is none. */
static uint8_t place_of_framing(const struct server *server)
{
    bool used[MOST_OLD_FRAMINGS] = {false};
    struct server_place at = server_records(server);
    const struct conn *conn;
    uint8_t place = 0;

    while ((conn = server_next_record(server, &at)) != NULL)
        if (conn_has(conn, CONN_REFRAMED))
            used[conn->old_framing] = true;
    while (
        place < MOST_OLD_FRAMINGS && used[place] &&
        !framing_equal(&server->old_framings[place], &server->options.framing))
        place++;
    return place;
}

bool adopt_can_keep_framings(const struct server *server,
                             const struct framing *framing)
{
    return framing_equal(&server->options.framing, framing) ||
           place_of_framing(server) < MOST_OLD_FRAMINGS;
}

/* The stream is widened at once: if the adoption is dropped, it is only larger
 * than it needs to be. */
static bool prepare(struct adoption *adoption,
                    const struct server_options *options)
{
    return server_options_copy(&adoption->options, options) &&
           prepare_pieces(adoption) &&
           stream_raise_limit(&adoption->server->stream, options->maxsends);
}

struct adoption *adopt_prepare(struct server *server,
                               const struct server_options *options)
{
    struct adoption *adoption = calloc(1, sizeof *adoption);

    assert(server->options.size == options->size &&
           server->options.bockets == options->bockets);
    if (adoption == NULL)
        return NULL;
    adoption->server = server;
    server->adoptable = false;
    server->adopting = true;
    link_last(&server->engine->listening, &server->in_listening);
    if (prepare(adoption, options))
        return adoption;
    adopt_drop(adoption);
    return NULL;
}

void adopt_drop(struct adoption *adoption)
{
    adoption->server->adopting = false;
    free(adoption->pieces);
    server_options_free(&adoption->options);
    free(adoption);
}

/* --------------------------------------------------------------- committing */

typedef void conn_fn(struct adoption *adoption, struct conn *conn);

static void for_each_conn(struct adoption *adoption, conn_fn *fn)
{
    struct server_place place = server_records(adoption->server);
    struct conn *conn;

    while ((conn = server_next_record(adoption->server, &place)) != NULL)
        fn(adoption, conn);
}

/*
 * The stream has messages in the framing that the connection keeps: queue them
 * before the server's framing changes. This may end the connection.
 */
static void keep_framing(struct adoption *adoption, struct conn *conn)
{
    enqueue_pending(conn);
    if (!conn_has(conn, CONN_REFRAMED))
        conn->old_framing = adoption->place;
    conn_set(conn, CONN_REFRAMED);
    if (framing_equal(conn_framing(conn), &adoption->options.framing))
        conn_clear(conn, CONN_REFRAMED);
}

static void keep_framings(struct adoption *adoption)
{
    struct server *server = adoption->server;

    adoption->place = place_of_framing(server);
    server->old_framings[adoption->place] = server->options.framing;
    server->reframed = true;
    for_each_conn(adoption, keep_framing);
}

static bool changes_framing(const struct adoption *adoption)
{
    return !framing_equal(&adoption->server->options.framing,
                          &adoption->options.framing);
}

static void swap_options(struct adoption *adoption)
{
    struct server_options old = adoption->server->options;

    adoption->server->options = adoption->options;
    adoption->options = old;
}

/* Replace pieces where the options need longer ones. */
static void commit_memory(struct adoption *adoption)
{
    struct server *server = adoption->server;
    struct segment *old = server->pieces;

    if (adoption->pieces == NULL)
        return;
    server->pieces = adoption->pieces;
    adoption->pieces = old;
}

static void count_site(struct adoption *adoption, struct conn *conn)
{
    if (conn->state == CONN_OPEN || conn->state == CONN_SETUP)
        sites_add(&adoption->server->sites, address_site(&conn->peer));
}

/* Addresses are counted only while the server has `maxperip`. */
static void recount_sites(struct adoption *adoption)
{
    struct server *server = adoption->server;

    sites_clear(&server->sites);
    if (server->options.maxperip > 0)
        for_each_conn(adoption, count_site);
}

/*
 * Under the new options deadlines may be sooner, the queue may be full or no
 * longer full, and data in the inbox may have to be handed over instead of
 * being asked for, or the reverse.
 */
static void apply_to_conn(struct adoption *adoption, struct conn *conn)
{
    struct server *server = adoption->server;

    if (conn->state != CONN_OPEN)
        return;
    conn->resumed = true;
    conn_clear(conn, CONN_ABANDONED);
    if (conn->wanted > server->limit)
        conn->wanted = server->limit;
    engine_set_deadline(server->engine, conn, server->engine->tick);
    if (conn->inbox.bytes > 0)
        engine_post(server->engine, conn, CONN_PENDING_RECEIVE);
    else if (conn_has(conn, CONN_PEER_ENDED) && !server->options.buffered)
        buffered_finish(conn);
    interest_update(conn);
}

static void commit_listening(struct server *server)
{
    struct socket_options socket = server_options_socket(&server->options);

    socket_adopt(watch_fd(&server->watch), &socket);
    if (listener_has_path(server))
        chmod(server->options.path, server->options.mode);
    else if (server->inode != 0)
        log_warn("clients cannot connect to %s: the socket file was replaced "
                 "or removed",
                 server->options.path);
    server->paused = false;
    accept_update(server);
    server_ask_visit(server);
}

void adopt_commit(struct adoption *adoption, void *owner)
{
    struct server *server = adoption->server;

    server->owner = owner;
    if (stream_has_messages(&server->stream))
        reclaim_flush(server); /* by the limits when it was published */
    if (changes_framing(adoption))
        keep_framings(adoption);
    swap_options(adoption);
    commit_memory(adoption);
    serve_apply_options(server);
    recount_sites(adoption);
    for_each_conn(adoption, apply_to_conn);
    commit_listening(server);
    adopt_drop(adoption);
}
