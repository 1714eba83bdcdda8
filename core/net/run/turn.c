#include "net/run/turn.h"

#include "base/clock.h"
#include "net/receive/receive.h"
#include "net/run/deadline.h"
#include "net/run/deliver.h"
#include "net/run/flush.h"
#include "net/serve/accept.h"
#include "net/serve/serve.h"
#include "net/state/engine.h"
#include "net/state/server.h"
#include "net/state/topic.h"

/* The turn before this one is measured only now: its end, after turn_finish(),
 * is known to the loop. */
void turn_begin(void *owner)
{
    struct engine *engine = owner;
    uint64_t now = clock_now();

    if (engine->turn_began != 0)
        times_add(&engine->turns,
                  loop_turn_ended(engine->loop) - engine->turn_began);
    engine_read_clock(engine, now, loop_slept(engine->loop, now));
    engine->turn_began = now;
}

void turn_receive(void *owner)
{
    struct engine *engine = owner;

    receive_ready(engine);
    if (engine->ready.count > 0)
        loop_poll_at_once(engine->loop);
}

/*
 * Deadlines and events count as handling. Deadlines are judged by the time when
 * the turn began: what came later has not been read. The clock is read a second
 * time only if there are events.
 */
static void handle_events(struct engine *engine)
{
    uint64_t now;

    deadline_run(engine);
    now = clock_now();
    engine_read_clock(engine, now, 0);
    if (engine->pending.count > 0) {
        deliver_events(engine);
        now = clock_now();
    }
    if (engine->turn_began != 0)
        times_add(&engine->handling, now - engine->turn_began);
}

/* Servers that ask meanwhile come at the end of the list. */
static void flush_servers(struct engine *engine)
{
    struct link *visits = &engine->visits;

    for (struct link *at = visits->next; at != visits; at = at->next)
        flush_server(link_owner(at, struct server, visit));
}

/* Flushing has ended connections: who may accept, who has ended? */
static void settle_servers(struct engine *engine)
{
    struct link *visits = &engine->visits;
    struct link *next;

    accept_note_full(engine);
    for (struct link *at = visits->next; at != visits; at = next) {
        struct server *server = link_owner(at, struct server, visit);

        next = at->next;
        if (!flush_is_due(server))
            link_out(&server->visit);
        accept_update(server);
        serve_retire(server);
    }
}

void turn_finish(void *owner)
{
    struct engine *engine = owner;

    handle_events(engine);
    if (engine->turn_end != NULL)
        engine->turn_end(engine->script);
    flush_servers(engine);
    settle_servers(engine);
    topic_free_unused(engine);
    deadline_arm(engine);
    if (engine->pending.count > 0)
        loop_poll_at_once(engine->loop);
}
