/*
 * command.h - what the script's side may ask of connections and servers
 *
 * Commands go down, events (event.h) come up. No event runs inside a command:
 * what a command causes is noted, and told from the loop. A command queues; it
 * waits for nothing, save that before it says "full" the kernel is offered
 * what is queued.
 *
 * Connections are named by a word. A name whose connection has gone is no
 * error: commands that act say COMMAND_CLOSED.
 */
#ifndef FES_COMMAND_COMMAND_H
#define FES_COMMAND_COMMAND_H

#include "net/protocol/framing.h"
#include "net/receive/buffered.h"
#include "net/state/engine.h"
#include "net/state/server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum command_answer {
    COMMAND_DONE,
    COMMAND_CLOSED, /* the connection, or the server, is closing or gone */
    COMMAND_FULL    /* nothing was taken; an on_drain will follow a send, unless
                       the message is longer than the slab */
};

struct conn_stats {
    uint64_t bytes_in, bytes_out;
    uint64_t messages_in, messages_out;
    uint64_t queued;  /* bytes the kernel has not yet been given */
    uint32_t bockets; /* it holds */
    double age;       /* seconds, of the oldest unsent byte; else 0 */
    uint64_t missed;
};

/* What stays true of a connection as long as its name is good. */
struct conn_facts {
    uint64_t id;
    struct server *server;
    struct address peer;
    bool resumed;       /* older than the script that serves it */
    bool open;          /* not yet closing */
    enum reason reason; /* why not, once it is not */
    const char *detail; /* what there is to say beside it; stays good */
};

/*
 * Queue a message, all of it or nothing, behind everything sent and broadcast
 * before. It is no longer than its server's limit (server.h).
 */
enum command_answer command_send(struct shard *shard, conn_name name,
                                 const struct message *message);

/* Send what is queued now, and do not wait for the turn's end. */
enum command_answer command_flush(struct shard *shard, conn_name name);

/* Do not hold back any longer what the server has to send (coalesce). */
void command_flush_server(struct server *server);

/* As pull_look() and pull_take() in pull.h. */
enum take_answer command_look(const struct shard *shard, conn_name name,
                              const struct take *take);
enum take_answer command_take(struct shard *shard, conn_name name,
                              const struct take *take, struct received *data);

/* As pull_finish() and pull_abandon(). No effect if its end has come. */
void command_finish(struct shard *shard, conn_name name);
void command_abandon(struct shard *shard, conn_name name);

/* As conn_close() in closing.h. COMMAND_CLOSED: its end has come already. */
enum command_answer command_close(struct shard *shard, conn_name name,
                                  enum reason reason, double linger);

/* A handler of this connection failed: cut it. */
void command_cut(struct shard *shard, conn_name name);

/* Stop and go on reading. */
enum command_answer command_pause(struct shard *shard, conn_name name,
                                  bool paused);

/* False: there is no connection of that name. */
bool command_stats(const struct shard *shard, conn_name name,
                   struct conn_stats *stats);
bool command_facts(const struct shard *shard, conn_name name,
                   struct conn_facts *facts);

/* How messages of a connection lie in its stream; of one that has gone: how
 * those of its server do. */
const struct form *command_form(const struct server *server, conn_name name);

#endif
