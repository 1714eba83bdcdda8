/*
 * command.h - commands for one connection
 *
 * Commands go down, events (event.h) come up. No event is delivered inside a
 * command: what a command causes is recorded and delivered from the loop. A
 * command does not wait. Before it answers "full" it offers the queue to the
 * kernel.
 *
 * Connections are given by name (conn_name.h). A name whose connection has gone
 * is no error: commands that act answer COMMAND_CLOSED.
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
    COMMAND_FULL    /* nothing was queued; after a send an on_drain follows,
                       unless the message is longer than the slab */
};

enum { COMMAND_TEXT_BYTES = ADDRESS_TEXT_BYTES + 32 };

struct conn_stats {
    uint64_t bytes_in, bytes_out;
    uint64_t messages_in, messages_out;
    uint64_t queued;  /* bytes that the kernel has not taken */
    uint32_t bockets; /* held by its queue and its inbox */
    double age;      /* seconds, of the oldest unsent byte, if behind; else 0 */
    uint64_t missed; /* messages withheld and not made up for */
};

struct conn_facts {
    uint64_t id;           /* never used for another connection */
    struct server *server; /* of an outgoing connection: its own */
    void *owner;           /* of the server */
    struct address peer;
    bool resumed;       /* it was open before the script was loaded */
    bool open;          /* not yet closing */
    enum reason reason; /* why it closes, if it is not open */
    const char *detail; /* static text about the reason, or NULL */
};

/*
 * Queue a message, all of it or nothing, behind everything sent and broadcast
 * before. The message is not longer than server_limit(). May end connections.
 */
enum command_answer command_send(struct engine *engine, conn_name name,
                                 const struct message *message);

/* Send now, not at the turn's end, what waits for the connection. May end the
 * connection. */
enum command_answer command_flush(struct engine *engine, conn_name name);

/* As buffered_peek() and buffered_receive() (buffered.h). */
enum receive_result command_peek(const struct engine *engine, conn_name name,
                                 const struct receive_request *request);
enum receive_result command_receive(struct engine *engine, conn_name name,
                                    const struct receive_request *request,
                                    struct received *data);

/*
 * Is something waiting in the socket that the loop is going to read? `*until`
 * bounds it to what had come at the first call, for which it must be 0: it is
 * set to the number of bytes received then, with those in the socket.
 */
bool command_unread(const struct engine *engine, conn_name name,
                    uint64_t *until);

/* As buffered_finish() and buffered_abandon(). */
void command_finish(struct engine *engine, conn_name name);
void command_abandon(struct engine *engine, conn_name name);

/* As closing_begin() (closing.h). COMMAND_CLOSED: the connection was not
 * open; a shorter linger counts all the same. */
enum command_answer command_close(struct engine *engine, conn_name name,
                                  enum reason reason, double linger);

/* End the connection at once, since a handler of it has failed. */
void command_fail(struct engine *engine, conn_name name);

/* Stop reading and handing over, or go on. */
enum command_answer command_pause(struct engine *engine, conn_name name,
                                  bool paused);

/* Fill in `*stats` or `*facts`. False: there is no connection of that name. */
bool command_stats(const struct engine *engine, conn_name name,
                   struct conn_stats *stats);
bool command_facts(const struct engine *engine, conn_name name,
                   struct conn_facts *facts);

/* Write "conn 17 (127.0.0.1:50123)" into `out`, COMMAND_TEXT_BYTES long. */
void command_describe(const struct engine *engine, conn_name name, char *out);

/* The framing of a connection of the server; if it has gone, the server's. */
const struct framing *command_framing(const struct server *server,
                                      conn_name name);

#endif
