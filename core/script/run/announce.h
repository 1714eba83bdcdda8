/*
 * announce.h - the ready lines of servers, and the bound of their buffers
 */
#ifndef FES_RUN_ANNOUNCE_H
#define FES_RUN_ANNOUNCE_H

#include "script/vm/script.h"

/*
 * Print on stdout a ready line for each server, in the order in which they were
 * opened, and, if there is one, the memory line: the bound of all buffers, as
 * bound.h has it.
 */
void announce_servers(const struct script *script);

/* Log the bound if it has become higher than announced last. Cheap if no
 * server has been opened or closed. */
void announce_growth(const struct script *script);

#endif
