/*
 * program.h - one script, run by one engine, from its first line to its last
 */
#ifndef FES_BOOT_PROGRAM_H
#define FES_BOOT_PROGRAM_H

#include "script/vm/config.h"

/*
 * Load the script, say on stdout that its servers are ready, and run it until
 * it is stopped or has nothing left to wait for. Gives the exit status of the
 * program: 0, or 1 if it failed to load, which has been told on stderr.
 */
int program_main(const struct script_config *config);

#endif
