#include "net/run/flush.h"

#include "base/clock.h"
#include "net/send/fanout.h"
#include "net/send/reclaim.h"
#include "net/state/engine.h"

/* How long either part of a flush may take before the loop polls. */
#define SLICE CLOCK_MILLI

/* Connections that are flushed between two readings of the clock. */
enum { FLUSHES_PER_READING = 16 };

/* Flush the connections that have something queued, for a SLICE at most. */
static void flush_dirty(struct server *server)
{
    uint64_t deadline = 0;

    for (unsigned n = 1; !link_alone(&server->dirty); n++) {
        fanout_flush(link_owner(server->dirty.next, struct conn, dirty));
        if (n % FLUSHES_PER_READING != 0)
            continue;
        if (deadline == 0)
            deadline = clock_now() + SLICE;
        else if (clock_now() >= deadline)
            return;
    }
}

static bool has_work(const struct server *server)
{
    return !link_alone(&server->dirty) || stream_has_messages(&server->stream);
}

bool flush_is_due(const struct server *server)
{
    return has_work(server) || !link_alone(&server->slab->waiting);
}

/*
 * With `coalesce`, a flush waits so long for more to send. Is it to wait now?
 * Starts the timer (on_held in serve.c) at the first wait.
 */
static bool waits_for_more(struct server *server)
{
    double seconds = server->options.coalesce;

    if (seconds <= 0 || !has_work(server) ||
        (server->closing && !server->outgoing))
        return false;
    if (server->end_hold)
        return false;
    if (!timer_runs(&server->hold))
        timer_start(server->engine->loop, &server->hold,
                    clock_now() + clock_from_seconds(seconds));
    return true;
}

/* Everything has been sent: the next flush waits its full time again. */
static void reset_hold(struct server *server)
{
    timer_stop(server->engine->loop, &server->hold);
    server->end_hold = false;
}

void flush_server(struct server *server)
{
    if (waits_for_more(server))
        return;
    flush_dirty(server);
    if (stream_has_messages(&server->stream))
        fanout_walk(server, clock_now() + SLICE);
    if (server->shared != NULL)
        pool_checkin(server->pool, server->shared);
    server->shared = NULL;
    if (!link_alone(&server->slab->waiting))
        reclaim_wake(server);
    if (has_work(server))
        loop_poll_at_once(server->engine->loop);
    else if (server->options.coalesce > 0)
        reset_hold(server);
}
