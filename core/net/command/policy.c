#include "net/command/policy.h"

#include "net/send/enqueue.h"
#include "net/send/reclaim.h"
#include "net/state/conn_end.h"
#include "net/state/stall.h"
#include "net/state/topic.h"

static void note_policy(struct engine *engine, enum overflow overflow)
{
    engine->needs_cells = engine->needs_cells || overflow_conflates(overflow);
}

enum command_answer policy_set_conn(struct engine *engine, conn_name name,
                                    enum overflow overflow)
{
    struct conn *conn = engine_find_open(engine, name);

    if (conn == NULL)
        return COMMAND_CLOSED;
    enqueue_pending(conn);
    if (!conn_is_open(conn))
        return COMMAND_CLOSED;
    note_policy(engine, overflow);
    topic_set_conn_overflow(conn, overflow);
    if (overflow == OVERFLOW_CLOSE && stall_of_any(conn))
        conn_end(conn, REASON_OVERFLOW, NULL);
    return COMMAND_DONE;
}

void policy_set_topic(struct topic *topic, enum overflow overflow)
{
    reclaim_flush_topic(topic);
    note_policy(topic->engine, overflow);
    topic->overflow = (uint8_t)overflow;
}

void policy_set_server(struct server *server, enum overflow overflow)
{
    if (stream_has_messages(&server->stream))
        reclaim_flush(server);
    note_policy(server->engine, overflow);
    server->options.overflow = overflow;
}
