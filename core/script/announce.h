/*
 * announce.h - what fes says on stdout once a script has loaded
 */
#ifndef FES_ANNOUNCE_H
#define FES_ANNOUNCE_H

#include "script/state.h"

/*
 * A ready line for each server, in the order of the calls, and, if there is
 * one, the memory line: what all of them can take.
 */
void servers_announce(struct script *script);

#endif
