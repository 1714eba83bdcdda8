#include "net/serve/dial.h"

#include "net/io/resolve.h"
#include "net/io/socket.h"
#include "net/receive/receive.h"
#include "net/send/drain.h"
#include "net/send/fanout.h"
#include "net/state/conn_end.h"
#include "net/state/engine.h"
#include "net/state/membership.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The state of one connection while it is connecting. */
struct dial {
    struct conn *conn;
    struct question *question; /* to the resolver; NULL: answered, or none */
    struct place *places;      /* to try in order; owned */
    size_t count;
    size_t next; /* index in places */
};

void dial_free(struct server *server)
{
    struct dial *dial = server->dial;

    if (dial == NULL)
        return;
    if (dial->question != NULL)
        resolve_cancel(dial->question);
    free(dial->places);
    free(dial);
    server->dial = NULL;
}

/* --------------------------------------------------------------- connecting */

/* From here on the connection is as an accepted one. What is queued is sent. */
static void establish(struct conn *conn)
{
    struct server *server = conn->server;
    struct engine *engine = server->engine;

    dial_free(server);
    watch_set(engine->loop, &conn->watch, 0);
    watch_init(&conn->watch, conn->fd, receive_on_events);
    conn->last_active = engine->tick;
    engine_set_deadline(engine, conn, engine->tick);
    if (conn->state == CONN_OPEN)
        engine_post(engine, conn, CONN_PENDING_CONNECT);
    fanout_send_queued(conn);
}

static void fail_dial(struct conn *conn, const char *why)
{
    dial_free(conn->server);
    conn_end(conn, REASON_ERROR, why);
}

static void on_connected(struct watch *watch, unsigned events);

/* Begin to connect to one place. False, with errno set: it failed at once. */
static bool try_place(struct conn *conn, const struct place *place)
{
    struct server *server = conn->server;
    bool established;
    struct socket_options options = server_options_socket(&server->options);
    int fd = socket_connect(place, &options, &established);

    if (fd < 0)
        return false;
    conn->fd = fd;
    conn->peer = address_from((const struct sockaddr *)&place->address);
    watch_init(&conn->watch, fd, on_connected);
    if (established)
        establish(conn);
    else
        watch_set(server->engine->loop, &conn->watch, LOOP_WRITE);
    return true;
}

/* `error` is the errno of the place tried last. */
static void try_next_place(struct conn *conn, int error)
{
    struct dial *dial = conn->server->dial;

    while (dial->next < dial->count) {
        if (try_place(conn, &dial->places[dial->next++]))
            return;
        error = errno;
    }
    fail_dial(conn, strerrordesc_np(error));
}

static void on_connected(struct watch *watch, unsigned events)
{
    struct conn *conn = link_owner(watch, struct conn, watch);
    int error = events & LOOP_WRITE ? socket_error(conn->fd) : ENOMEM;

    if (error == 0) {
        establish(conn);
        return;
    }
    watch_set(conn->server->engine->loop, watch, 0);
    close(conn->fd);
    conn->fd = -1;
    try_next_place(conn, error);
}

/* ------------------------------------------------------------------ finding */

/* The dial becomes the owner of `places`, from malloc(). */
static void try_places(struct conn *conn, struct place *places, size_t count)
{
    struct dial *dial = conn->server->dial;

    dial->places = places;
    dial->count = count;
    try_next_place(conn, 0);
}

static void on_resolved(void *owner, struct place *places, size_t count,
                        const char *why)
{
    struct dial *dial = owner;

    dial->question = NULL;
    if (dial->conn->state == CONN_DEAD)
        free(places); /* its `closed` is pending */
    else if (why != NULL)
        fail_dial(dial->conn, why);
    else
        try_places(dial->conn, places, count);
}

/* The place that a path or an address literal names: no look-up is needed.
 * NULL: it is a name; or, with errno set, the path is too long, or no memory.
 */
static struct place *place_without_lookup(const struct server_options *options)
{
    struct place *place = calloc(1, sizeof *place);

    if (place == NULL)
        return NULL;
    if (options->path != NULL
            ? address_unix(options->path, place)
            : address_literal(options->host, (uint16_t)options->port, place))
        return place;
    free(place);
    errno = ENAMETOOLONG;
    return NULL;
}

static void look_up_name(struct conn *conn)
{
    struct server *server = conn->server;
    struct engine *engine = server->engine;
    struct question *question;

    if (engine->resolver == NULL)
        engine->resolver = resolve_new(engine->loop);
    if (engine->resolver == NULL) {
        fail_dial(conn, strerrordesc_np(ENOMEM));
        return;
    }
    question =
        resolve_ask(engine->resolver, server->options.host,
                    (uint16_t)server->options.port, on_resolved, server->dial);
    if (question != NULL) /* NULL: answered already; the dial may be freed */
        server->dial->question = question;
}

static void set_setup_deadline(struct conn *conn)
{
    struct server *server = conn->server;
    struct engine *engine = server->engine;

    server->setup_due =
        engine->tick + engine_ticks(server->options.setup_timeout);
    engine_set_deadline(engine, conn, server->setup_due);
}

void dial_begin(struct conn *conn)
{
    struct server *server = conn->server;
    struct place *place = place_without_lookup(&server->options);
    int error = errno;

    server->dial = calloc(1, sizeof *server->dial);
    if (server->dial == NULL) {
        free(place);
        conn_end(conn, REASON_ERROR, strerrordesc_np(ENOMEM));
        return;
    }
    server->dial->conn = conn;
    membership_begin(conn);
    drain_fall_behind(conn);
    set_setup_deadline(conn);
    if (place != NULL)
        try_places(conn, place, 1);
    else if (server->options.path != NULL)
        fail_dial(conn, strerrordesc_np(error));
    else
        look_up_name(conn);
}
