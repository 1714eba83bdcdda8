/*
 * protocol.h - what is said to a server of another kind, and what it says
 *
 * A receiver says `hello` and is in when the server's greeting has ended. From
 * then on each message comes as `head`, MESSAGE bytes, `tail`; some servers put
 * `noise` between two of them at times. The publisher of a server that needs
 * one says its own hello, and wraps each message as well.
 *
 * Where a protocol names a topic, it is "t".
 */
#ifndef BENCH_PROTOCOL_H
#define BENCH_PROTOCOL_H

#include <stddef.h>

struct bytes {
    const char *at;
    size_t length;
};

struct protocol {
    const char *name;
    struct bytes hello;
    struct bytes greeting; /* its last bytes */
    struct bytes head, tail;
    struct bytes noise;
    struct bytes answer; /* what is to be said to the noise */
    struct bytes publisher_hello;
    struct bytes publish_head, publish_tail;
};

/* The protocol of that name; an unknown one ends the program, status 2. */
const struct protocol *protocol_find(const char *name);

#endif
