/*
 * handlers.h - the functions that handle the events of a script's connections
 *
 * One row for each handler: its constant, and the option of fes.listen and
 * fes.connect that sets it.
 */
#ifndef FES_OBJECT_HANDLERS_H
#define FES_OBJECT_HANDLERS_H

#define HANDLERS(HANDLER_ROW)           \
    HANDLER_ROW(ON_CONNECT, on_connect) \
    HANDLER_ROW(ON_RECEIVE, on_receive) \
    HANDLER_ROW(ON_DRAIN, on_drain)     \
    HANDLER_ROW(ON_STALL, on_stall)     \
    HANDLER_ROW(ON_LAG, on_lag)         \
    HANDLER_ROW(ON_CLOSE, on_close)     \
    HANDLER_ROW(ON_ERROR, on_error)     \
    HANDLER_ROW(HANDLER, handler) /* runs as the connection's task */

#define HANDLERS_CONSTANT(constant, name) constant,

enum handler { HANDLERS(HANDLERS_CONSTANT) HANDLERS_COUNT };

/* The name of the handler's option, such as "on_receive". */
const char *handlers_name(enum handler handler);

#endif
