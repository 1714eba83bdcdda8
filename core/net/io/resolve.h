/*
 * resolve.h - names to addresses, without blocking: c-ares in the loop
 *
 * A question is one name to resolve. Its answer is delivered from the loop, or
 * inside resolve_ask() if no name server is needed. While there are questions,
 * c-ares has sockets and a timer in the loop. After the last answer its channel
 * is freed, so the next question reads the configuration again:
 * /etc/resolv.conf and /etc/hosts. The environment variable FES_NAMESERVERS
 * (addresses with or without ports, separated by commas) replaces the name
 * servers of /etc/resolv.conf.
 */
#ifndef FES_IO_RESOLVE_H
#define FES_IO_RESOLVE_H

#include "net/io/address.h"
#include "net/io/loop.h"

#include <stddef.h>
#include <stdint.h>

struct resolver;
struct question;

/*
 * Receives the addresses of a host: `count` places in the order in which to try
 * them, in an array that the function must free(). Or an error: `places` is
 * NULL, `count` is 0, and `why` is a static text, which is NULL otherwise.
 */
typedef void answer_fn(void *owner, struct place *places, size_t count,
                       const char *why);

/* Make a resolver. NULL: no memory. */
struct resolver *resolve_new(struct loop *loop);

/* Free a resolver and its questions, whose answers are not delivered. Does
 * nothing if it is NULL. */
void resolve_free(struct resolver *resolver);

/*
 * Ask for the addresses of `host`, which get the port `port`. Calls
 * answer(owner, ...) once. NULL: it has been called. Otherwise gives the
 * question, which belongs to the resolver and is valid until its answer is
 * delivered.
 */
struct question *resolve_ask(struct resolver *resolver, const char *host,
                             uint16_t port, answer_fn *answer, void *owner);

/* Drop a question: its answer will not be delivered. */
void resolve_cancel(struct question *question);

#endif
