/*
 * log.h - what fes tells its operator: lines on stderr
 *
 *     2026-01-31 12:00:00.123 warn  out of descriptors: accepting is paused
 *
 * One line is one write(2), so lines of several processes do not mix. Control
 * characters are escaped (`\n`, `\x1b`): what a peer sent cannot forge a line
 * or move the cursor. Only a traceback, which log_error_trace() is given apart
 * from its message, keeps its line ends.
 *
 * The level is the process's, as stderr is.
 */
#ifndef FES_BASE_LOG_H
#define FES_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Lines below `level` are not written. At the start: LOG_INFO. */
void log_set_level(enum log_level level);

/* Would a line of this level be written? */
bool log_shows(enum log_level level);

/* The level called `name` ("warn"); false if there is none of that name. */
bool log_level_named(const char *name, enum log_level *level);

void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line of `length` bytes that are already put together. */
void log_text(enum log_level level, const char *text, size_t length);

/*
 * A line of some parts, the last one NULL; further lines, if parts have line
 * ends. May be called in a signal's handler, so the parts are to be safe to
 * show as they are.
 */
void log_from_signal(enum log_level level, const char *part, ...)
    __attribute__((sentinel));

/*
 * An error of a script, and how it came to it. Equal messages are written at
 * most once a second; the next one, or log_catch_up(), tells how many were
 * left out.
 */
void log_error_trace(const char *message, size_t length, const char *trace);

/*
 * Tell what was left out more than a second ago. Gives the moment (clock_now)
 * at which to call again, CLOCK_FAR_AWAY if nothing is left out.
 */
uint64_t log_catch_up(void);

/* Tell at once what was left out: the program ends. */
void log_finish(void);

#endif
