/*
 * stopping.h - a graceful stop, asked for by the script or a signal
 *
 *     asked -> at the turn's end the functions of fes.on_stop are called, and
 *              all servers stop listening
 *           -> the connections are closed one by one, evenly spread over the
 *              time that was given
 *           -> the servers are closed; the loop ends with the last connection
 */
#ifndef FES_RUN_STOPPING_H
#define FES_RUN_STOPPING_H

#include "script/vm/script.h"

/* No stop has been asked for. */
void stopping_init(struct stopping *stopping);

/*
 * Ask for a stop, which begins at the end of this turn. The closes are spread
 * over `seconds`, at least 0. A later call can only shorten the time.
 */
void stopping_request(struct script *script, double seconds);

/*
 * At the end of each turn: begin a stop that was asked for; close the servers
 * when no connection is open or the time is over.
 */
void stopping_run(struct script *script);

#endif
