/*
 * boot.h - a new Lua state, with all that a script can use
 */
#ifndef FES_BOOT_BOOT_H
#define FES_BOOT_BOOT_H

#include "script/vm/script.h"

/*
 * Make a state with the standard libraries, `fes` preloaded, and what call.h
 * needs. NULL: no memory. Free it with load_end() in run/load.h.
 */
struct script *boot_script(struct program *program);

#endif
