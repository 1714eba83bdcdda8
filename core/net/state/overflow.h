/*
 * overflow.h - the policies for a connection that is full when a broadcast or a
 * publish comes
 */
#ifndef FES_STATE_OVERFLOW_H
#define FES_STATE_OVERFLOW_H

#include <stdbool.h>

enum overflow {
    OVERFLOW_CLOSE,  /* close the connection */
    OVERFLOW_DROP,   /* withhold messages until half its queue is free */
    OVERFLOW_LATEST, /* withhold them, then send the newest of each key */
    OVERFLOWS,       /* the number of policies above */
    OVERFLOW_UNSET = OVERFLOWS /* no policy at this level (stall_policy()) */
};

/* May it send the newest message of each key after a stall? */
static inline bool overflow_conflates(unsigned overflow)
{
    return overflow == OVERFLOW_LATEST;
}

/* Its name in scripts: "close", "drop" or "latest". */
const char *overflow_name(enum overflow overflow);

#endif
