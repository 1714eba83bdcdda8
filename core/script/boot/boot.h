/*
 * boot.h - creates a script: its record and its Lua state
 */
#ifndef FES_BOOT_BOOT_H
#define FES_BOOT_BOOT_H

#include "script/vm/script.h"

/*
 * Create the record of a script for the program's engine, with a Lua state that
 * has the standard libraries and the module `fes`. No code of the script runs
 * yet. NULL: no memory. Free it with load_end() in run/load.h.
 */
struct script *boot_new_script(struct program *program);

#endif
