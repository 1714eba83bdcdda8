#include "script/object/handlers.h"

#define HANDLERS_NAME(constant, name) [constant] = #name,

static const char *const names[HANDLERS_COUNT] = {HANDLERS(HANDLERS_NAME)};

const char *handlers_name(enum handler handler)
{
    return names[handler];
}
