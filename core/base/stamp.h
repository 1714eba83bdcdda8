/*
 * stamp.h - the local time at the beginning of a log line
 *
 *     2026-01-31 12:00:00.123
 *
 * stamp_of_now() asks the system for the offset of local time from UTC and
 * stores it. stamp_in_signal() uses the stored offset, because localtime_r(3)
 * is not async-signal-safe.
 */
#ifndef FES_BASE_STAMP_H
#define FES_BASE_STAMP_H

#include <stddef.h>

enum { STAMP_BYTES = 32 }; /* enough for any stamp and its zero */

/*
 * Write the local time and a zero to `out`, which has STAMP_BYTES. Gives the
 * length without the zero.
 */
size_t stamp_of_now(char *out);

/*
 * Likewise, and async-signal-safe. Before the first stamp_of_now() the time is
 * in UTC.
 */
size_t stamp_in_signal(char *out);

#endif
