/*
 * load.h - from the command line to a script that has loaded
 */
#ifndef FES_RUN_LOAD_H
#define FES_RUN_LOAD_H

#include "script/vm/state.h"

/*
 * Run the script of the program's command line in this state, or only look at
 * its syntax. `event`: see state_run(). False, and `*failure`: it raised.
 */
bool load_script(struct script *script, const char *event,
                 struct failure *failure);

#endif
