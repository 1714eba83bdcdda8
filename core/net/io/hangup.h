/*
 * hangup.h - descriptors of which only a broken connection is awaited
 *
 * When the loop watches a connection for reading or writing, it also learns
 * that the connection has broken. A paused connection with an empty queue is
 * watched for neither. Such a connection is added here instead: this epoll set
 * reports errors and hangups only. The end of the peer's stream alone is not
 * reported: it comes after data that is not read yet.
 */
#ifndef FES_IO_HANGUP_H
#define FES_IO_HANGUP_H

#include "net/io/loop.h"

#include <stdbool.h>
#include <stdint.h>

struct hangups {
    int epoll;          /* its own set: libev cannot watch for errors only */
    struct watch watch; /* of `epoll`, in the loop */
};

/*
 * Initialize an empty set. The loop calls `fn` when a descriptor of the set has
 * broken; `fn` calls hangup_next() until that gives false. False, with errno
 * set: the system refuses.
 */
bool hangup_init(struct hangups *hangups, struct loop *loop, watch_fn *fn);

/* Free the set. The descriptors in it stay open. */
void hangup_free(struct hangups *hangups, struct loop *loop);

/*
 * Add `fd`, which must not be in the set. When it breaks, hangup_next() gives
 * `name`, once. False, with errno set: the system refuses.
 */
bool hangup_expect(struct hangups *hangups, int fd, uint64_t name);

/* Remove `fd`, reported or not. Call before `fd` is closed. */
void hangup_forget(struct hangups *hangups, int fd);

/* Set `*name` to the name of the next broken descriptor. False: there is none
 * now. Does not block. */
bool hangup_next(struct hangups *hangups, uint64_t *name);

#endif
