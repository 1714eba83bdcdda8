/*
 * dispatch.h - from the engine's events to calls of the script's handlers
 *
 * The `owner` of an event is the struct lua_server. An event calls the handler,
 * if there is one, then wakes the tasks that wait for it (await.h). An error in
 * a handler is passed to on_error; unless that returns true, the connection is
 * closed.
 */
#ifndef FES_RUN_DISPATCH_H
#define FES_RUN_DISPATCH_H

#include "net/state/event.h"
#include "script/object/lua_server.h"

/* The functions for engine_new(), one for each event. */
struct events dispatch_events(void);

/* After a reload: start a task for each open connection of the server, if that
 * has a `handler`. */
void dispatch_resume(struct lua_server *lua_server);

#endif
