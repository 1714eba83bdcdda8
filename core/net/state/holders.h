/*
 * holders.h - the connections that hold bockets of a slab, in order
 *
 * The one that has moved no byte for longest comes first: when the slab is used
 * up, send/reclaim.h closes connections from the front.
 */
#ifndef FES_STATE_HOLDERS_H
#define FES_STATE_HOLDERS_H

#include "net/state/conn.h"

/*
 * Put the connection at the end of its slab's holders if its kernel has refused
 * bytes or its inbox holds some; take it out otherwise. Call after each change
 * of either, and when bytes have moved.
 */
void holders_update(struct conn *conn);

#endif
