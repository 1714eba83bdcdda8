#include "base/stamp.h"

#include <string.h>
#include <time.h>

enum { DAY_SECONDS = 86400, ERA_YEARS = 400, ERA_DAYS = 146097 };

static volatile long seconds_east; /* of UTC, as stamp_of_now() last found it */

/* Write the last `count` digits of a number. Gives the end of the text. */
static char *write_digits(char *out, long number, int count)
{
    for (int i = count - 1; i >= 0; i--, number /= 10)
        out[i] = (char)('0' + number % 10);
    return out + count;
}

/*
 * Write year, month and day for a number of days since 1970-01-01. The days
 * are counted in eras of 400 years, and years begin on the first of March, so
 * that a leap day is the last day of its year.
 * Source: Howard Hinnant, https://howardhinnant.github.io/date_algorithms.html
 */
static char *write_date(char *out, long days)
{
    long since = days + 719468; /* days since 0000-03-01 */
    long era = since / ERA_DAYS;
    long day = since % ERA_DAYS;
    long year = (day - day / 1460 + day / 36524 - day / 146096) / 365;

    day -= 365 * year + year / 4 - year / 100;

    long month = (5 * day + 2) / 153; /* 0: March */

    day -= (153 * month + 2) / 5;
    year += ERA_YEARS * era + (month >= 10);
    out = write_digits(out, year, 4);
    *out++ = '-';
    out = write_digits(out, month < 10 ? month + 3 : month - 9, 2);
    *out++ = '-';
    return write_digits(out, day + 1, 2);
}

static char *write_time(char *out, long seconds)
{
    out = write_digits(out, seconds / 3600, 2);
    *out++ = ':';
    out = write_digits(out, seconds / 60 % 60, 2);
    *out++ = ':';
    return write_digits(out, seconds % 60, 2);
}

static size_t write_stamp(char *out, const struct timespec *now)
{
    long local = (long)now->tv_sec + seconds_east;
    char *at = write_date(out, local / DAY_SECONDS);

    *at++ = ' ';
    at = write_time(at, local % DAY_SECONDS);
    *at++ = '.';
    at = write_digits(at, now->tv_nsec / 1000000, 3);
    *at = '\0';
    return (size_t)(at - out);
}

size_t stamp_of_now(char *out)
{
    struct timespec now;
    struct tm local;

    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &local);
    seconds_east = local.tm_gmtoff;
    return write_stamp(out, &now);
}

size_t stamp_in_signal(char *out)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return write_stamp(out, &now);
}
