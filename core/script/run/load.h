/*
 * load.h - the script is loaded, and its state closed
 */
#ifndef FES_RUN_LOAD_H
#define FES_RUN_LOAD_H

#include "script/vm/call.h"

/*
 * Load and run the script that the command line names, in the state of
 * `script`; with -c only check its syntax. `event` and `failure` are as for
 * call_outside(). False: it raised.
 */
bool load_script(struct script *script, const char *event,
                 struct failure *failure);

/*
 * Stop the script's timers, close its state and free the script. Finalizers may
 * still use the engine and the servers, so free those later.
 */
void load_end(struct script *script);

#endif
