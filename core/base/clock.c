#include "base/clock.h"

#include <assert.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

uint64_t clock_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * CLOCK_SECOND + (uint64_t)now.tv_nsec;
}

/*
 * Rounded up, so that a timer never fires early. The result is at most half of
 * the range, so that now plus a duration cannot overflow.
 */
uint64_t clock_from_seconds(double seconds)
{
    assert(seconds >= 0);
    if (seconds >= (double)(UINT64_MAX / 2 / CLOCK_SECOND))
        return UINT64_MAX / 2;

    double exact = seconds * (double)CLOCK_SECOND;
    uint64_t whole = (uint64_t)exact;

    return (double)whole < exact ? whole + 1 : whole;
}

double clock_to_seconds(uint64_t nanoseconds)
{
    return (double)nanoseconds / (double)CLOCK_SECOND;
}

/*
 * schedstat holds "1234 567 89": nanoseconds on a processor, nanoseconds
 * waiting for one, and the number of time slices. The second number is read.
 */
uint64_t clock_starved(void)
{
    char text[64];
    int fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, text, sizeof text) : 0;
    ssize_t at = 0;
    uint64_t starved = 0;

    if (fd >= 0)
        close(fd);
    while (at < length && text[at] != ' ')
        at++;
    while (++at < length && text[at] >= '0' && text[at] <= '9')
        starved = 10 * starved + (uint64_t)(text[at] - '0');
    return starved;
}
