/*
 * announce.h - what fes says of its servers, and of what they can take
 */
#ifndef FES_RUN_ANNOUNCE_H
#define FES_RUN_ANNOUNCE_H

#include "script/vm/script.h"

/*
 * A ready line for each server, in the order of the calls, and, if there is
 * one, the memory line: what all of them can take.
 */
void announce_servers(const struct script *script);

/* Log it if all that has been opened since then can take more than was told. */
void announce_growth(const struct script *script);

#endif
