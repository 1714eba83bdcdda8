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
    LINE_MAX_BYTES = 8192, /* longer lines are cut */
    HEAD_BYTES = 64,       /* date, time and level are shorter */
    SIGNAL_LINE_BYTES = LINE_MAX_BYTES,
    RECENT = 16 /* how many different errors are held back at once */
};

static const char *const names[] = {"debug", "info", "warn", "error"};

static enum log_level least = LOG_INFO;

/* An error written lately: equal ones are counted until a second is over. */
static struct recent {
    uint64_t hash;    /* of the message; 0: the place is free */
    uint64_t written; /* when */
    unsigned left_out;
    char begins[64];
} recent[RECENT];

void log_set_level(enum log_level level)
{
    least = level;
}

bool log_shows(enum log_level level)
{
    return level >= least;
}

bool log_level_named(const char *name, enum log_level *level)
{
    for (int i = LOG_DEBUG; i <= LOG_ERROR; i++)
        if (strcmp(name, names[i]) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    return false;
}

/* Date, time and level: the beginning of a line. Its length. */
static size_t head(char *line, enum log_level level)
{
    size_t length = stamp_of_now(line);

    return length + (size_t)snprintf(line + length, HEAD_BYTES - length,
                                     " %-5s ", names[level]);
}

/* A log that cannot be written has nowhere to say so. */
static void put(const char *line, size_t length)
{
    while (length > 0) {
        ssize_t n = write(STDERR_FILENO, line, length);

        if (n <= 0)
            return;
        line += n;
        length -= (size_t)n;
    }
}

static void write_line(enum log_level level, const char *text, size_t length,
                       const char *trace)
{
    char line[LINE_MAX_BYTES];
    size_t used = head(line, level);

    used += text_escape(line + used, sizeof line / 2, text, length);
    line[used++] = '\n';
    if (trace != NULL) {
        size_t room = sizeof line - used - 1;
        size_t more = strnlen(trace, room);

        memcpy(line + used, trace, more);
        used += more;
        line[used++] = '\n';
    }
    put(line, used);
}

void log_text(enum log_level level, const char *text, size_t length)
{
    if (log_shows(level))
        write_line(level, text, length, NULL);
}

/* At most what there is room for. */
static size_t append(char *line, size_t used, const char *text)
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

    used = append(line, used, " ");
    used = append(line, used, names[level]);
    used = append(line, used, strlen(names[level]) < 5 ? "  " : " ");
    va_start(parts, part);
    for (; part != NULL; part = va_arg(parts, const char *))
        used = append(line, used, part);
    va_end(parts);
    line[used++] = '\n';
    put(line, used);
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

/* Never 0, which marks a free place. */
static uint64_t hash_of(const char *text, size_t length)
{
    return table_hash(text, length, 0) | 1;
}

/* Say how many equal errors came since the one that was written. */
static void tell_left_out(struct recent *error)
{
    if (error->left_out > 0)
        log_error("%u more like this were left out: %s", error->left_out,
                  error->begins);
    error->left_out = 0;
}

/* The place of this error; if it has none, that of the one longest ago. */
static struct recent *place_of(uint64_t hash)
{
    struct recent *oldest = &recent[0];

    for (int i = 0; i < RECENT; i++) {
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
    uint64_t hash = hash_of(message, length);
    struct recent *error = place_of(hash);

    if (error->hash == hash && now - error->written < CLOCK_SECOND) {
        error->left_out++;
        return;
    }
    tell_left_out(error);
    error->hash = hash;
    error->written = now;
    snprintf(error->begins, sizeof error->begins, "%s", message);
    write_line(LOG_ERROR, message, length, trace);
}

uint64_t log_catch_up(void)
{
    uint64_t now = clock_now();
    uint64_t next = CLOCK_FAR_AWAY;

    for (int i = 0; i < RECENT; i++) {
        struct recent *error = &recent[i];

        if (error->left_out == 0)
            continue;
        if (now - error->written >= CLOCK_SECOND)
            tell_left_out(error);
        else if (error->written + CLOCK_SECOND < next)
            next = error->written + CLOCK_SECOND;
    }
    return next;
}

void log_finish(void)
{
    for (int i = 0; i < RECENT; i++)
        tell_left_out(&recent[i]);
}
