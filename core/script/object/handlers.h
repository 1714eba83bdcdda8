/*
 * handlers.h - the functions that a script gives for its connections' events
 *
 * One row for each: the constant, and its name in fes.listen and fes.connect.
 */
#ifndef FES_OBJECT_HANDLERS_H
#define FES_OBJECT_HANDLERS_H

#define HANDLERS(HANDLER_ROW)           \
    HANDLER_ROW(ON_CONNECT, on_connect) \
    HANDLER_ROW(ON_RECEIVE, on_receive) \
    HANDLER_ROW(ON_DRAIN, on_drain)     \
    HANDLER_ROW(ON_LAG, on_lag)         \
    HANDLER_ROW(ON_CLOSE, on_close)     \
    HANDLER_ROW(ON_ERROR, on_error)     \
    HANDLER_ROW(HANDLER, handler) /* of no event: the task of a connection */

#define HANDLERS_CONSTANT(constant, name) constant,

enum handler { HANDLERS(HANDLERS_CONSTANT) HANDLERS_COUNT };

/* A handler's name in fes.listen: "on_receive". */
const char *handlers_name(enum handler handler);

#endif
