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

#include "net/io/address.h"
#include "net/protocol/framing.h"
#include "net/receive/buffered.h"
#include "net/state/conn_name.h"
#include "net/state/reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;
struct server;

enum command_answer {
    COMMAND_DONE,
    COMMAND_CLOSED, /* the connection, or the server, is closing or gone */
    COMMAND_FULL    /* nothing was taken; an on_drain will follow a send, unless
                       the message is longer than the slab */
};

enum { COMMAND_TEXT_BYTES = ADDRESS_TEXT_BYTES + 32 };

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
    void *owner; /* of the server */
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
enum command_answer command_send(struct engine *engine, conn_name name,
                                 const struct message *message);

/* Send what is queued now, and do not wait for the turn's end. */
enum command_answer command_flush(struct engine *engine, conn_name name);

/* As buffered_peek() and buffered_receive() in pull.h. */
enum receive_result command_peek(const struct engine *engine, conn_name name,
                                 const struct receive_request *request);
enum receive_result command_receive(struct engine *engine, conn_name name,
                                    const struct receive_request *request,
                                    struct received *data);

/* As buffered_finish() and buffered_abandon(). No effect if its end has come.
 */
void command_finish(struct engine *engine, conn_name name);
void command_abandon(struct engine *engine, conn_name name);

/* As closing_begin() in closing.h. COMMAND_CLOSED: its end has come already. */
enum command_answer command_close(struct engine *engine, conn_name name,
                                  enum reason reason, double linger);

/* A handler of this connection failed: cut it. */
void command_cut(struct engine *engine, conn_name name);

/* Stop and go on reading. */
enum command_answer command_pause(struct engine *engine, conn_name name,
                                  bool paused);

/* False: there is no connection of that name. */
bool command_stats(const struct engine *engine, conn_name name,
                   struct conn_stats *stats);
bool command_facts(const struct engine *engine, conn_name name,
                   struct conn_facts *facts);

/* "conn 17 (127.0.0.1:50123)" into `out`, which has room for
 * COMMAND_TEXT_BYTES. */
void command_describe(const struct engine *engine, conn_name name, char *out);

/* How messages of a connection lie in its stream; of one that has gone: how
 * those of its server do. */
const struct framing *command_framing(const struct server *server,
                                      conn_name name);

#endif
