#include "net/io/resolve.h"

#include "base/clock.h"
#include "base/list.h"

#include <ares.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char no_memory[] = "not enough memory";

/* A socket of c-ares that is watched. */
struct socket {
    struct link link; /* in resolver.sockets */
    struct watch watch;
    struct resolver *resolver;
};

struct resolver {
    struct loop *loop;
    ares_channel channel; /* NULL: there are no questions */
    struct timer timer;   /* for the next timeout of c-ares */
    struct link sockets;  /* of c-ares */
    unsigned questions;   /* not answered */
};

struct question {
    struct resolver *resolver;
    answer_fn *answer; /* NULL: dropped */
    void *owner;
    bool starting; /* start_lookup() has not returned */
    bool answered; /* on_answer() has run */
};

/* ------------------------------------------------------- c-ares in the loop */

/*
 * Call after every call that lets c-ares work: sets the timer to the next
 * timeout of c-ares, and without questions frees the channel.
 */
static void update_channel(struct resolver *resolver)
{
    struct timeval left;

    if (resolver->questions == 0 && resolver->channel != NULL) {
        ares_destroy(resolver->channel);
        resolver->channel = NULL;
    }
    if (resolver->channel == NULL ||
        ares_timeout(resolver->channel, NULL, &left) == NULL) {
        timer_stop(resolver->loop, &resolver->timer);
        return;
    }
    timer_start(resolver->loop, &resolver->timer,
                clock_now() + (uint64_t)left.tv_sec * CLOCK_SECOND +
                    (uint64_t)left.tv_usec * (CLOCK_MILLI / 1000));
}

static void on_timer(struct timer *timer)
{
    struct resolver *resolver = link_owner(timer, struct resolver, timer);

    ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    update_channel(resolver);
}

/* After LOOP_ERROR the socket counts as readable: c-ares reads, and finds the
 * error. */
static void on_socket(struct watch *watch, unsigned events)
{
    struct resolver *resolver =
        link_owner(watch, struct socket, watch)->resolver;
    int fd = watch_fd(watch);

    ares_process_fd(resolver->channel,
                    events & ~(unsigned)LOOP_WRITE ? fd : ARES_SOCKET_BAD,
                    events & LOOP_WRITE ? fd : ARES_SOCKET_BAD);
    update_channel(resolver);
}

static struct socket *find_socket(const struct resolver *resolver, int fd)
{
    const struct link *end = &resolver->sockets;

    for (struct link *at = end->next; at != end; at = at->next) {
        struct socket *socket = link_owner(at, struct socket, link);

        if (watch_fd(&socket->watch) == fd)
            return socket;
    }
    return NULL;
}

/* NULL: no memory. The socket is not watched, so its query times out. */
static struct socket *add_socket(struct resolver *resolver, int fd)
{
    struct socket *socket = calloc(1, sizeof *socket);

    if (socket == NULL)
        return NULL;
    socket->resolver = resolver;
    watch_init(&socket->watch, fd, on_socket);
    link_before(&resolver->sockets, &socket->link);
    return socket;
}

/* c-ares calls this when it waits for other events of a socket. If it waits for
 * none, it is about to close the socket. */
static void on_socket_state(void *owner, int fd, int readable, int writable)
{
    struct resolver *resolver = owner;
    struct socket *socket = find_socket(resolver, fd);

    if (socket == NULL && (readable || writable))
        socket = add_socket(resolver, fd);
    if (socket == NULL)
        return;
    watch_set(resolver->loop, &socket->watch,
              (readable ? LOOP_READ : 0u) | (writable ? LOOP_WRITE : 0u));
    if (readable || writable)
        return;
    link_out(&socket->link);
    free(socket);
}

/* Gives a status of c-ares. The channel may be set even if it is an error. */
static int init_channel(struct resolver *resolver)
{
    const char *servers = getenv("FES_NAMESERVERS");
    struct ares_options options = {
        .sock_state_cb = on_socket_state,
        .sock_state_cb_data = resolver,
    };
    int status =
        ares_init_options(&resolver->channel, &options, ARES_OPT_SOCK_STATE_CB);

    if (status != ARES_SUCCESS) {
        resolver->channel = NULL;
        return status;
    }
    return servers != NULL
               ? ares_set_servers_ports_csv(resolver->channel, servers)
               : ARES_SUCCESS;
}

/* NULL: the channel is open. Otherwise an error text. */
static const char *open_channel(struct resolver *resolver)
{
    int status;

    if (resolver->channel != NULL)
        return NULL;
    status = init_channel(resolver);
    return status == ARES_SUCCESS ? NULL : ares_strerror(status);
}

/* ------------------------------------------------------------------ answers */

static size_t count_nodes(const struct ares_addrinfo *found)
{
    size_t count = 0;

    for (struct ares_addrinfo_node *node = found->nodes; node != NULL;
         node = node->ai_next)
        count++;
    return count;
}

/* The places in an array of malloc(); sets `*count`. NULL: no memory. */
static struct place *copy_nodes(const struct ares_addrinfo *found,
                                size_t *count)
{
    struct place *places = calloc(count_nodes(found), sizeof *places);

    *count = 0;
    if (places == NULL)
        return NULL;
    for (struct ares_addrinfo_node *node = found->nodes; node != NULL;
         node = node->ai_next) {
        struct place *place = &places[(*count)++];

        memcpy(&place->address, node->ai_addr, node->ai_addrlen);
        place->length = node->ai_addrlen;
    }
    return places;
}

/* ARES_EDESTRUCTION: resolve_free() has ended the question. */
static void deliver_answer(const struct question *question, int status,
                           const struct ares_addrinfo *found)
{
    struct place *places;
    size_t count;

    if (question->answer == NULL || status == ARES_EDESTRUCTION)
        return;
    if (status != ARES_SUCCESS || found->nodes == NULL) {
        if (status == ARES_SUCCESS)
            status = ARES_ENODATA;
        question->answer(question->owner, NULL, 0, ares_strerror(status));
        return;
    }
    places = copy_nodes(found, &count);
    question->answer(question->owner, places, count,
                     places != NULL ? NULL : no_memory);
}

/*
 * May run inside ares_getaddrinfo(). Then resolve_ask() still uses the
 * question, and frees it.
 */
static void on_answer(void *owner, int status, int timeouts,
                      struct ares_addrinfo *found)
{
    struct question *question = owner;

    (void)timeouts;
    deliver_answer(question, status, found);
    if (found != NULL)
        ares_freeaddrinfo(found);
    question->resolver->questions--;
    question->answered = true;
    if (!question->starting)
        free(question);
}

/* ---------------------------------------------------------------- questions */

static void start_lookup(struct question *question, const char *host,
                         uint16_t port)
{
    struct ares_addrinfo_hints hints = {
        .ai_flags = ARES_AI_NUMERICSERV,
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
    };
    char service[8];

    snprintf(service, sizeof service, "%u", (unsigned)port);
    question->resolver->questions++;
    question->starting = true;
    ares_getaddrinfo(question->resolver->channel, host, service, &hints,
                     on_answer, question);
    question->starting = false;
}

struct question *resolve_ask(struct resolver *resolver, const char *host,
                             uint16_t port, answer_fn *answer, void *owner)
{
    const char *why = open_channel(resolver);
    struct question *question =
        why == NULL ? calloc(1, sizeof *question) : NULL;

    if (question == NULL) {
        update_channel(resolver);
        answer(owner, NULL, 0, why != NULL ? why : no_memory);
        return NULL;
    }
    question->resolver = resolver;
    question->answer = answer;
    question->owner = owner;
    start_lookup(question, host, port);
    if (question->answered) {
        free(question);
        question = NULL;
    }
    update_channel(resolver);
    return question;
}

void resolve_cancel(struct question *question)
{
    question->answer = NULL;
}

/* ------------------------------------------------------------- the resolver */

struct resolver *resolve_new(struct loop *loop)
{
    struct resolver *resolver = calloc(1, sizeof *resolver);

    if (resolver == NULL)
        return NULL;
    resolver->loop = loop;
    timer_init(&resolver->timer, on_timer);
    link_init(&resolver->sockets);
    return resolver;
}

void resolve_free(struct resolver *resolver)
{
    if (resolver == NULL)
        return;
    if (resolver->channel != NULL)
        ares_destroy(resolver->channel);
    timer_stop(resolver->loop, &resolver->timer);
    free(resolver);
}
