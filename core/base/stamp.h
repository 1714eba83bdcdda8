/*
 * stamp.h - the local time of a line in the log
 *
 *     2026-01-31 12:00:00.123
 *
 * How far the local time is from UTC is asked of the system by
 * stamp_of_now() only. What a signal's handler may call remembers that.
 */
#ifndef FES_BASE_STAMP_H
#define FES_BASE_STAMP_H

#include <stddef.h>

enum { STAMP_BYTES = 32 }; /* enough for any, with its zero */

/* Write the time into `out`, which has room for STAMP_BYTES. Its length. */
size_t stamp_of_now(char *out);

/* The same, and may be called in a signal's handler. */
size_t stamp_in_signal(char *out);

#endif
