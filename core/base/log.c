#include "base/log.h"

#include "base/clock.h"
#include "base/stamp.h"
#include "base/table.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    LINE_MAX_BYTES = 8192, /* with the traceback; a message has half of it */
    HEAD_MAX_BYTES = 64,   /* date, time and level are shorter than this */
    SIGNAL_LINE_BYTES = LINE_MAX_BYTES,
    RECENT_ERRORS = 16 /* different errors whose repetitions are counted */
};

static const char *const level_names[] = {"debug", "info", "warn", "error"};

static enum log_level lowest_level = LOG_INFO;

/*
 * The errors written last. An equal error within a second of the one written is
 * not written, only counted.
 */
static struct recent {
    uint64_t hash;     /* of the message; 0: the entry is free */
    uint64_t written;  /* clock_now() when it was written */
    unsigned left_out; /* equal errors since then */
    char start[64];    /* of the message */
} recent[RECENT_ERRORS];

void log_set_level(enum log_level level)
{
    lowest_level = level;
}

bool log_shows(enum log_level level)
{
    return level >= lowest_level;
}

bool log_level_named(const char *name, enum log_level *level)
{
    for (int i = LOG_DEBUG; i <= LOG_ERROR; i++)
        if (strcmp(name, level_names[i]) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    return false;
}

/* Write date, time and level to `line`. Gives the number of bytes. */
static size_t write_head(char *line, enum log_level level)
{
    size_t length = stamp_of_now(line);

    return length + (size_t)snprintf(line + length, HEAD_MAX_BYTES - length,
                                     " %-5s ", level_names[level]);
}

/* An error is ignored: there is for_freed else to report it. */
static void write_bytes(const char *line, size_t length)
{
    while (length > 0) {
        ssize_t n = write(STDERR_FILENO, line, length);

        if (n <= 0)
            return;
        line += n;
        length -= (size_t)n;
    }
}

/*
 * Write a line whose text is escaped, and after it the traceback, if any, as
 * it is.
 */
static void write_line(enum log_level level, const char *text, size_t length,
                       const char *trace)
{
    char line[LINE_MAX_BYTES];
    size_t used = write_head(line, level);

    used += text_escape(line + used, sizeof line / 2, text, length);
    line[used++] = '\n';
    if (trace != NULL) {
        size_t room = sizeof line - used - 1;
        size_t more = strnlen(trace, room);

        memcpy(line + used, trace, more);
        used += more;
        line[used++] = '\n';
    }
    write_bytes(line, used);
}

void log_text(enum log_level level, const char *text, size_t length)
{
    if (log_shows(level))
        write_line(level, text, length, NULL);
}

/* Append what fits, with space left for the line end. Gives the new length. */
static size_t append_part(char *line, size_t used, const char *text)
{
    while (*text != '\0' && used < SIGNAL_LINE_BYTES - 1)
        line[used++] = *text++;
    return used;
}

void log_from_signal(enum log_level level, const char *part, ...)
{
    char line[SIGNAL_LINE_BYTES];
    va_list parts;

    if (!log_shows(level))
        return;

    size_t used = stamp_in_signal(line);

    used = append_part(line, used, " ");
    used = append_part(line, used, level_names[level]);
    used = append_part(line, used, strlen(level_names[level]) < 5 ? "  " : " ");
    va_start(parts, part);
    for (; part != NULL; part = va_arg(parts, const char *))
        used = append_part(line, used, part);
    va_end(parts);
    line[used++] = '\n';
    write_bytes(line, used);
}

__attribute__((format(printf, 2, 0))) static void
write_format(enum log_level level, const char *format, va_list args)
{
    char text[LINE_MAX_BYTES / 2];

    if (!log_shows(level))
        return;

    int length = vsnprintf(text, sizeof text, format, args);

    if (length > 0)
        write_line(level, text, strlen(text), NULL);
}

#define DEFINE_LEVEL(name, level)          \
    void name(const char *format, ...)     \
    {                                      \
        va_list args;                      \
                                           \
        va_start(args, format);            \
        write_format(level, format, args); \
        va_end(args);                      \
    }

DEFINE_LEVEL(log_debug, LOG_DEBUG)
DEFINE_LEVEL(log_info, LOG_INFO)
DEFINE_LEVEL(log_warn, LOG_WARN)
DEFINE_LEVEL(log_error, LOG_ERROR)

/* Never 0, which marks a free entry. */
static uint64_t message_hash(const char *text, size_t length)
{
    return table_hash(text, length, 0) | 1;
}

/* Log how many equal errors were left out since this one was written. */
static void report_left_out(struct recent *error)
{
    if (error->left_out > 0)
        log_error("%u more of this error were not logged: %s", error->left_out,
                  error->start);
    error->left_out = 0;
}

/* The entry of the error with this hash; without one, the oldest entry. */
static struct recent *find_recent(uint64_t hash)
{
    struct recent *oldest = &recent[0];

    for (int i = 0; i < RECENT_ERRORS; i++) {
        if (recent[i].hash == hash)
            return &recent[i];
        if (recent[i].written < oldest->written)
            oldest = &recent[i];
    }
    return oldest;
}

void log_error_trace(const char *message, size_t length, const char *trace)
{
    uint64_t now = clock_now();
    uint64_t hash = message_hash(message, length);
    struct recent *error = find_recent(hash);

    if (error->hash == hash && now - error->written < CLOCK_SECOND) {
        error->left_out++;
        return;
    }
    report_left_out(error);
    error->hash = hash;
    error->written = now;
    snprintf(error->start, sizeof error->start, "%s", message);
    write_line(LOG_ERROR, message, length, trace);
}

uint64_t log_catch_up(void)
{
    uint64_t now = clock_now();
    uint64_t next = CLOCK_FAR_AWAY;

    for (int i = 0; i < RECENT_ERRORS; i++) {
        struct recent *error = &recent[i];

        if (error->left_out == 0)
            continue;
        if (now - error->written >= CLOCK_SECOND)
            report_left_out(error);
        else if (error->written + CLOCK_SECOND < next)
            next = error->written + CLOCK_SECOND;
    }
    return next;
}

void log_finish(void)
{
    for (int i = 0; i < RECENT_ERRORS; i++)
        report_left_out(&recent[i]);
}
