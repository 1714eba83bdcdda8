/*
 * handle.h - the inside of a conn's handle, for those to whom it matters
 */
#ifndef FES_OBJECT_HANDLE_H
#define FES_OBJECT_HANDLE_H

#include "script/object/conn.h"

/*
 * The user value: a table of the script's own fields, made when there is one.
 * What is known of a closed connection, its policy and the like stand in it
 * too, under keys that no script can have.
 */
enum { FIELDS = 1, USER_VALUES = FIELDS };

extern const char handle_last_key;

struct handle {
    conn_name name; /* 0: closed, and told so */
    const struct lua_server *lua_server;
};

/* The handle at `index`; raises, in the name of `who`, if none is there. */
const struct handle *handle_check(lua_State *L, int index, const char *who);

/* Push the table of fields of the handle at `index`; there is one then. */
void handle_push_fields(lua_State *L, int index);

/* Keep what the handle at `index` says when its connection has gone. */
void handle_keep_last(lua_State *L, int index, const struct conn_last *last);

#endif
