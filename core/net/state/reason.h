/*
 * reason.h - why a connection ended
 */
#ifndef FES_STATE_REASON_H
#define FES_STATE_REASON_H

enum reason {
    REASON_EOF,      /* the peer closed */
    REASON_RESET,    /* the peer or the network reset it */
    REASON_LOCAL,    /* the script closed */
    REASON_OVERFLOW, /* it was full, or its bockets were reclaimed */
    REASON_IDLE,     /* no bytes for too long, or DETAIL_INCOMPLETE */
    REASON_SETUP,    /* set-up took too long */
    REASON_TOOLONG,  /* a message longer than allowed */
    REASON_PROTOCOL, /* the peer broke the rules of the protocol */
    REASON_SCRIPT,   /* an error in a handler */
    REASON_SHUTDOWN, /* fes, or its server, stops */
    REASON_PERIP,    /* one more than allowed from its address */
    REASON_ERROR,    /* a system error; the detail says which */
    REASONS          /* the number of reasons */
};

/* Detail of REASON_EOF and REASON_IDLE: a message had begun in the inbox. */
#define DETAIL_INCOMPLETE "message incomplete"

/* Its name in scripts: "eof", "reset", ... */
const char *reason_name(enum reason reason);

#endif
