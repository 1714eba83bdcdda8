/*
 * overflow.h - what happens to a connection that is full when a broadcast or a
 * publish comes
 */
#ifndef FES_STATE_OVERFLOW_H
#define FES_STATE_OVERFLOW_H

enum overflow {
    OVERFLOW_CLOSE,  /* it is closed */
    OVERFLOW_DROP,   /* messages are withheld until half its queue is free */
    OVERFLOW_LATEST, /* then it gets the newest of each key; see snapshot.h */
    OVERFLOWS,       /* how many there are to count by */
    OVERFLOW_ASK = OVERFLOWS, /* the script is asked, once for each stall */
    OVERFLOW_UNSET            /* somebody else's counts */
};

#endif
