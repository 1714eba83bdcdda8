/*
 * dispatch.h - from the engine's events to calls of the script's handlers
 */
#ifndef FES_RUN_DISPATCH_H
#define FES_RUN_DISPATCH_H

#include "net/state/event.h"
#include "script/object/lua_server.h"

/* The functions that turn each event into the call of a handler. */
struct events dispatch_events(void);

/* A task begins for each connection of a server that has a `handler`. */
void dispatch_resume(struct lua_server *lua_server);

#endif
