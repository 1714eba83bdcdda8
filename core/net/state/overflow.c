#include "net/state/overflow.h"

static const char *const names[OVERFLOWS] = {
    [OVERFLOW_CLOSE] = "close",
    [OVERFLOW_DROP] = "drop",
    [OVERFLOW_LATEST] = "latest",
};

const char *overflow_name(enum overflow overflow)
{
    return names[overflow];
}
