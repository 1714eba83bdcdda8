/*
 * files.h - the files that a script is made of, and when they change (fes -w)
 *
 * Watched are directories: editors put a new file in the place of the old one.
 * When a name that was noted has been written there, and nothing more for a
 * moment, a reload is asked for. A file is noted when it is looked for, so one
 * that does not load is watched as well; what was noted once stays.
 */
#ifndef FES_RUN_FILES_H
#define FES_RUN_FILES_H

#include "script/vm/script.h"

#include <stdbool.h>

struct files;

/* Watch the script's own file. False, with errno set: the system refuses. */
bool files_begin(struct program *program);

/* The script is loaded: it may be a link that leads elsewhere now. */
void files_note_script(struct program *program);

/* The script is made of this file too, if it is in, or below, the script's
 * directory. Nothing, if nobody watches. */
void files_note(struct program *program, const char *path);

void files_free(struct program *program);

#endif
