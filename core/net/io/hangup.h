/*
 * hangup.h - descriptors on which only their end is waited for
 *
 * The loop watches for what can be read or written, and learns of a broken
 * connection that way. One that is not read, and has nothing to send, breaks
 * without that; here it is heard of. An orderly end of the peer's stream is no
 * break: it stands behind data that nobody wants to read yet.
 */
#ifndef FES_IO_HANGUP_H
#define FES_IO_HANGUP_H

#include "net/io/loop.h"

#include <stdbool.h>
#include <stdint.h>

struct hangups {
    int epoll; /* a set of its own: libev's has no room for such watches */
    struct watch watch;
};

/*
 * Nothing is waited for yet; `fn` is called from the loop when something has
 * broken: call hangup_next() until it has no more. False, with errno set: the
 * system refuses.
 */
bool hangup_init(struct hangups *hangups, struct loop *loop, watch_fn *fn);
void hangup_free(struct hangups *hangups, struct loop *loop);

/* Wait for the break of `fd`, once, and tell it as `name`. False, with errno
 * set: the system refuses. */
bool hangup_expect(struct hangups *hangups, int fd, uint64_t name);

/* No longer. To be called before `fd` is closed. */
void hangup_forget(struct hangups *hangups, int fd);

/* The next that has broken. False: there is none now. */
bool hangup_next(struct hangups *hangups, uint64_t *name);

#endif
