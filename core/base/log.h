/*
 * log.h - the log: lines on stderr
 *
 *     2026-01-31 12:00:00.123 warn  out of descriptors: accepting is paused
 *
 * Each line is written by one write(2), so lines of several processes do not
 * mix. Control characters are escaped (`\n`, `\x1b`), so bytes that a peer sent
 * cannot forge a line or move the cursor. Only the traceback of
 * log_error_trace() keeps its line ends. An escaped text is cut at 4096 bytes,
 * and the text with its traceback at 8192.
 *
 * There is one level for the whole process.
 */
#ifndef FES_BASE_LOG_H
#define FES_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Set the lowest level that is written. Without a call: LOG_INFO. */
void log_set_level(enum log_level level);

/* Are lines of this level written? */
bool log_shows(enum log_level level);

/*
 * Set `*level` to the level called `name`: "debug", "info", "warn" or "error".
 * False: there is no such level.
 */
bool log_level_named(const char *name, enum log_level *level);

/* Write a formatted line of the level that the name says. */
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Write a line of `length` bytes of text, which may contain zeros. */
void log_text(enum log_level level, const char *text, size_t length);

/*
 * Write a line made of strings; NULL ends the list. Async-signal-safe. The
 * strings are not escaped: the caller passes only text that is safe to show.
 * Line ends inside them begin further lines.
 */
void log_from_signal(enum log_level level, const char *part, ...)
    __attribute__((sentinel));

/*
 * Write an error of a script and, below it, its traceback (NULL: none).
 * `message` has `length` bytes and a terminating zero. Equal messages are
 * written at most once a second; the others are counted, and the next one
 * written or log_catch_up() logs how many were left out.
 */
void log_error_trace(const char *message, size_t length, const char *trace);

/*
 * Log how many messages were left out, for each error that was written a
 * second ago or earlier. Gives the time (clock_now) at which to call again, or
 * CLOCK_FAR_AWAY if nothing is left out.
 */
uint64_t log_catch_up(void);

/* Log at once how many messages were left out. For the program's end. */
void log_finish(void);

#endif
