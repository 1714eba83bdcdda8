#include "net/state/reason.h"

static const char *const names[REASONS] = {
    [REASON_EOF] = "eof",         [REASON_RESET] = "reset",
    [REASON_LOCAL] = "local",     [REASON_OVERFLOW] = "overflow",
    [REASON_IDLE] = "idle",       [REASON_SETUP] = "setup",
    [REASON_TOOLONG] = "toolong", [REASON_PROTOCOL] = "protocol",
    [REASON_SCRIPT] = "script",   [REASON_SHUTDOWN] = "shutdown",
    [REASON_PERIP] = "perip",     [REASON_ERROR] = "error",
};

const char *reason_name(enum reason reason)
{
    return names[reason];
}
