#include "script/vm/trace.h"

#include <stdarg.h>
#include <stdio.h>

enum {
    TEXT_BYTES = 4096,
    LEVELS = 20 /* shown of one coroutine */
};

static char text[TEXT_BYTES];
static size_t used;

/* Append text; what does not fit is cut off. */
__attribute__((format(printf, 1, 2))) static void add(const char *format, ...)
{
    va_list args;
    size_t space = sizeof text - used;

    va_start(args, format);

    int length = vsnprintf(text + used, space, format, args);

    va_end(args);
    if (length > 0)
        used += (size_t)length < space ? (size_t)length : space - 1;
}

static void add_function(const lua_Debug *at)
{
    if (*at->namewhat != '\0')
        add("%s '%s'", at->namewhat, at->name);
    else if (*at->what == 'm')
        add("main chunk");
    else if (*at->what != 'C')
        add("function <%s:%d>", at->short_src, at->linedefined);
    else
        add("?");
}

static void add_level(lua_State *L, lua_Debug *at)
{
    lua_getinfo(L, "Slnt", at);
    if (at->currentline > 0)
        add("\n\t%s:%d: in ", at->short_src, at->currentline);
    else
        add("\n\t%s: in ", at->short_src);
    add_function(at);
    if (at->istailcall)
        add("\n\t(...tail calls...)");
}

static void add_levels(lua_State *L)
{
    lua_Debug at;

    for (int level = 0; lua_getstack(L, level, &at) != 0; level++) {
        if (level == LEVELS) {
            add("\n\t...");
            return;
        }
        add_level(L, &at);
    }
}

void trace_begin(lua_State *L)
{
    used = 0;
    add("stack traceback:");
    add_levels(L);
}

void trace_add(lua_State *L)
{
    add("\n\tresumed by");
    add_levels(L);
}

void trace_clear(void)
{
    text[0] = '\0';
}

const char *trace_text(void)
{
    return text;
}
