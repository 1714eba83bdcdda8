/*
 * defer.h - what a script does to connections while it loads comes later
 *
 * A reload that fails has changed nothing. So what a script that loads does to
 * what is the old script's so far - sends, closes, publishes - is written down,
 * and done when it has taken over, in the order of the calls. Looking is
 * looking, and what the new script has opened itself is its own.
 */
#ifndef FES_RELOAD_DEFER_H
#define FES_RELOAD_DEFER_H

#include "script/vm/script.h"

/* Put it off from now on; in a state in which nothing has run. May raise. */
int defer_begin(lua_State *L);

/* The script has taken over: do it, and put off nothing any more. */
void defer_end(struct script *script);

#endif
