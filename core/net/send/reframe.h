/*
 * reframe.h - connections that keep a framing their server had before
 *
 * When a server is given another framing (adopt.h), its connections keep
 * theirs, because their peers do not know of the change. They are marked with
 * CONN_REFRAMED, and the server remembers their framings (`old_framings`) for
 * as long as a connection uses them.
 *
 * Messages lie in the stream in the server's framing. For a marked connection
 * each one is copied into the connection's own queue in its own framing.
 */
#ifndef FES_SEND_REFRAME_H
#define FES_SEND_REFRAME_H

#include "net/state/pending.h"

#include <stdbool.h>
#include <stdint.h>

/* Can the connection be sent this message of the stream at all: its framing
 * carries the data, and the message is not longer than the limit? */
bool reframe_carries(const struct pending *pending);

/* It cannot: count the message as missed by the connection. */
void reframe_skip(const struct pending *pending);

/* Queue the message in the connection's framing. False: it does not fit now, by
 * the limits or for want of bockets. */
bool reframe_queue(const struct pending *pending);

#endif
