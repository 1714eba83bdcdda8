/*
 * resolve.h - names to addresses, without waiting: c-ares in the loop
 *
 * A question is asked and answered later, or at once where no name server is
 * needed. While there are questions c-ares has sockets and a timer in the
 * loop; after the last answer it has nothing, and its configuration is read
 * anew with the next question: /etc/resolv.conf, /etc/hosts, and in place of
 * the former's name servers those of the environment variable FES_NAMESERVERS
 * (addresses, with or without ports, separated by commas).
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
 * The places to try, in order; or none, and why, in words that stay good.
 * `places` is the callee's to free().
 */
typedef void answer_fn(void *owner, struct place *places, size_t count,
                       const char *why);

/* NULL: no memory. It outlives its questions. */
struct resolver *resolver_new(struct loop *loop);

/* Free it, NULL too; questions that are not answered never will be. */
void resolver_free(struct resolver *resolver);

/*
 * Ask for a host's addresses. Calls answer(owner, ...) once; it has done so
 * already where this gives NULL.
 */
struct question *resolver_ask(struct resolver *resolver, const char *host,
                              uint16_t port, answer_fn *answer, void *owner);

/* Nobody wants the answer any more. */
void question_drop(struct question *question);

#endif
