/*
 * dispatch.h - from the engine's events to calls of the script's handlers
 */
#ifndef FES_DISPATCH_H
#define FES_DISPATCH_H

#include "net/event.h"
#include "script/server.h"

/* The functions that turn each event into the call of a handler. */
struct events dispatch_events(void);

/* A task begins for each connection of a server that has a `handler`. */
void dispatch_resume(struct served *served);

#endif
