/*
 * reframe.h - connections that are older than the framing of their server
 *
 * When a server is given another framing (adopt.h), its connections keep the
 * one that they have: their peers know nothing of it. They are marked with
 * CONN_REFRAMED, and the server remembers the old_framings that it has had, as
 * long as one of them needs it.
 *
 * What is broadcast lies in the stream in the server's framing. Such a
 * connection has it written into its own queue instead, in its own framing, as
 * if it had been sent to it alone.
 */
#ifndef FES_SEND_REFRAME_H
#define FES_SEND_REFRAME_H

#include "net/state/pending.h"

#include <stdbool.h>
#include <stdint.h>

/* Can the form of the connection carry this message of the stream at all? */
bool reframe_carries(const struct pending *pending);

/* It can't: the connection misses the message. */
void reframe_skip(const struct pending *pending);

/* Queue the message in the connection's framing. False: it does not fit now. */
bool reframe_queue(const struct pending *pending);

#endif
