/*
 * load.h - from the command line to a script that has loaded
 */
#ifndef FES_RUN_LOAD_H
#define FES_RUN_LOAD_H

#include "script/vm/call.h"

/*
 * Run the script of the program's command line in this state, or only look at
 * its syntax. `event`: see call_outside(). False, and `*failure`: it raised.
 */
bool load_script(struct script *script, const char *event,
                 struct failure *failure);

/*
 * Close the script's state, which is still good for the engine while it does
 * so, and free it. What it opened is the caller's business.
 */
void load_end(struct script *script);

#endif
