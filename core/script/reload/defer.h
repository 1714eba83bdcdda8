/*
 * defer.h - method calls of a loading script, recorded until it takes over
 *
 * A reload that fails must change nothing. So a loading script's calls of
 * methods that change connections, servers or topics, such as conn:send or
 * topic:publish, are recorded, and made in the same order when the script has
 * taken over. A recorded call returns true; broadcast and publish return the
 * number of present receivers. Methods that only read run at once, as do all
 * methods of servers and connections that the loading script itself opened.
 */
#ifndef FES_RELOAD_DEFER_H
#define FES_RELOAD_DEFER_H

#include "script/vm/script.h"

/* Record such calls from now on. For a new state, before it runs any code of a
 * script. May raise. */
int defer_begin(lua_State *L);

/* The script has taken over: make the recorded calls, and record no more. An
 * error in one is logged, and the next one is made. */
void defer_end(struct script *script);

#endif
