/*
 * program.h - the program: creates the engine, loads the script and runs it
 */
#ifndef FES_BOOT_PROGRAM_H
#define FES_BOOT_PROGRAM_H

#include "script/vm/config.h"

/*
 * Load the script, announce its servers on stdout, and run the loop until the
 * script is stopped or has nothing left to wait for: no server, connection,
 * timer or task. With `config->check`, only check the script's syntax. Returns
 * the exit status: 0, or 1 if the engine or the script could not be started,
 * after writing the error to stderr.
 */
int program_main(const struct script_config *config);

#endif
