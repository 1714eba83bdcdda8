/*
 * fixed_time.c - preloaded, it stops the clock that Lua seeds its tables with
 *
 * Lua takes the seed of its hash tables from time() and from addresses. With
 * this, and without random addresses, one run takes the steps of another.
 */
#include <stddef.h>
#include <time.h>

time_t time(time_t *now)
{
    if (now != NULL)
        *now = 1;
    return 1;
}
