/*
 * files.h - the files of a script, and when they change (fes -w)
 *
 * Directories are watched, since editors replace a file by a new one. When a
 * file with a noted name has been written there, and none for 100 ms after, a
 * reload is asked for. Files are noted when they are looked for, so one that
 * does not load is watched as well. A name that was noted is never forgotten.
 */
#ifndef FES_RUN_FILES_H
#define FES_RUN_FILES_H

#include "script/vm/script.h"

#include <stdbool.h>

struct files;

/* Make program.files, and watch the script's own file. False, with errno set:
 * the system refuses; free it with files_free() all the same. */
bool files_begin(struct program *program);

/* Before the script is loaded: note its file; and, as it may be a symbolic link
 * that has been changed, the file that it points to. */
void files_note_script(struct program *program);

/* The same for a file that the script loads, if it lies in the script's
 * directory or below. No effect without files_begin(). */
void files_note(struct program *program, const char *path);

/* Stop watching. No effect without files_begin(). */
void files_free(struct program *program);

#endif
