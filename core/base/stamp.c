#include "base/stamp.h"

#include <string.h>
#include <time.h>

enum { DAY = 86400, YEARS = 400, DAYS_OF_YEARS = 146097 };

static volatile long seconds_east; /* of UTC, when that was last asked */

/* `count` digits of a number, up to `out`. Where they end. */
static char *digits(char *out, long number, int count)
{
    for (int i = count - 1; i >= 0; i--, number /= 10)
        out[i] = (char)('0' + number % 10);
    return out + count;
}

/*
 * Year, month and day of the Gregorian calendar, counted in eras of 400 years
 * that begin on the first of March: so a leap day is the last of its year.
 * (Howard Hinnant, https://howardhinnant.github.io/date_algorithms.html)
 */
static char *date(char *out, long days)
{
    long since = days + 719468; /* the first of March of the year 0 */
    long era = since / DAYS_OF_YEARS;
    long day = since % DAYS_OF_YEARS;
    long year = (day - day / 1460 + day / 36524 - day / 146096) / 365;

    day -= 365 * year + year / 4 - year / 100;

    long month = (5 * day + 2) / 153; /* from March */

    day -= (153 * month + 2) / 5;
    year += YEARS * era + (month >= 10);
    out = digits(out, year, 4);
    *out++ = '-';
    out = digits(out, month < 10 ? month + 3 : month - 9, 2);
    *out++ = '-';
    return digits(out, day + 1, 2);
}

static char *time_of_day(char *out, long seconds)
{
    out = digits(out, seconds / 3600, 2);
    *out++ = ':';
    out = digits(out, seconds / 60 % 60, 2);
    *out++ = ':';
    return digits(out, seconds % 60, 2);
}

static size_t write_stamp(char *out, const struct timespec *now)
{
    long local = (long)now->tv_sec + seconds_east;
    char *at = date(out, local / DAY);

    *at++ = ' ';
    at = time_of_day(at, local % DAY);
    *at++ = '.';
    at = digits(at, now->tv_nsec / 1000000, 3);
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
