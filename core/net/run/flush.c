#include "net/run/flush.h"

#include "base/clock.h"
#include "net/send/fanout.h"
#include "net/send/reclaim.h"
#include "net/state/engine.h"

/* How long a flush may take before others have their turn. */
#define SLICE CLOCK_MILLI

enum { FLUSHES_PER_LOOK = 16 };

/* Those with something of their own to send, until the clock says stop. */
static void flush_dirty(struct server *server)
{
    uint64_t deadline = 0;

    for (unsigned n = 1; !link_alone(&server->dirty); n++) {
        fanout_flush(link_owner(server->dirty.next, struct conn, dirty));
        if (n % FLUSHES_PER_LOOK != 0)
            continue;
        if (deadline == 0)
            deadline = clock_now() + SLICE;
        else if (clock_now() >= deadline)
            return;
    }
}

/*
 * With `coalesce`, what is to be sent waits a while for more. True: it waits
 * still.
 */
static bool holds_back(struct server *server)
{
    bool waits = !link_alone(&server->dirty) || stream_waits(&server->stream);
    double seconds = server->options.coalesce;

    if (seconds <= 0 || !waits || server->closing)
        return false;
    if (server->held_long_enough)
        return false;
    if (!timer_runs(&server->hold))
        timer_start(server->engine->loop, &server->hold,
                    clock_now() + clock_from_seconds(seconds));
    return true;
}

/* Everything has left: the next that comes waits its time again. */
static void hold_again(struct server *server)
{
    timer_stop(server->engine->loop, &server->hold);
    server->held_long_enough = false;
}

void flush_server(struct server *server)
{
    if (holds_back(server))
        return;
    flush_dirty(server);
    if (stream_waits(&server->stream))
        fanout_walk(server, clock_now() + SLICE);
    if (server->shared != NULL)
        pool_checkin(server->pool, server->shared);
    server->shared = NULL;
    if (!link_alone(&server->slab->waiting))
        reclaim_wake(server);
    if (!link_alone(&server->dirty) || stream_waits(&server->stream))
        loop_poll_at_once(server->engine->loop);
    else if (server->options.coalesce > 0)
        hold_again(server);
}
