/*
 * stopping.h - how a script comes to its end when it, or a signal, asks
 *
 *     asked -> end of the turn: the on_stop functions, then nobody is accepted
 *           -> the connections are closed, one after the other, evenly over the
 *              time given for it
 *           -> the servers are closed, and with the last connection the loop
 *              ends
 */
#ifndef FES_RUN_STOPPING_H
#define FES_RUN_STOPPING_H

#include "script/vm/script.h"

/* Nobody has asked yet. */
void stopping_init(struct stopping *stopping);

/*
 * Ask for it; it begins at the end of this turn. `seconds`, at least 0, is the
 * time that the closes are spread over. Again: only what ends sooner counts.
 */
void stopping_ask(struct script *script, double seconds);

/* At the end of each turn: begin, if it was asked for; end, if all are gone. */
void stopping_run(struct script *script);

#endif
