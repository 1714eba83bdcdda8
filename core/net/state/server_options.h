/*
 * server_options.h - all options of servers and connections, one row each
 *
 * A row describes an option: its name in fes.listen and fes.connect, its kind,
 * the range that a script may give, its default, and its scope: ALL, or SERVERS
 * for fes.listen only. The struct below has one field for each row;
 * script/object/listen.c reads tables of options by the same rows. To add an
 * option, add a row, use the field, and document it.
 *
 * Sizes are bytes, durations seconds. A limit whose default is 0 has no limit
 * then, or one that follows from other options.
 */
#ifndef FES_STATE_SERVER_OPTIONS_H
#define FES_STATE_SERVER_OPTIONS_H

#include "base/text.h"
#include "net/io/socket.h"
#include "net/protocol/framing.h"
#include "net/state/conn_name.h"
#include "net/state/overflow.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The C types of the kinds. */
#define OPTION_TYPE_INTEGER  uint32_t
#define OPTION_TYPE_SECONDS  double
#define OPTION_TYPE_BOOLEAN  bool
#define OPTION_TYPE_TEXT     const char *
#define OPTION_TYPE_BYTES    struct bytes
#define OPTION_TYPE_MODE     uint32_t /* of a file, written in octal digits */
#define OPTION_TYPE_FRAMING  struct framing
#define OPTION_TYPE_OVERFLOW enum overflow

/* The linger of a graceful close by default. */
#define LINGER_SECONDS 2.0

/* Upper bounds of options: bytes of a buffer, bockets of a connection. */
enum { MOST_BYTES = 1 << 30, MOST_BOCKETS = 4096 };

/* clang-format off */
/* Defaults that are structs. */
#define NO_BYTES   {NULL, 0}
#define NO_FRAMING {.kind = FRAMING_RAW}

/*     name             kind      least  most          default         scope */
#define OPTIONS(OPTION) \
OPTION(host,            TEXT,     0,     0,            NULL,           ALL) \
OPTION(port,            INTEGER,  0,     65535,        0,              ALL) \
OPTION(path,            TEXT,     0,     0,            NULL,           ALL) \
OPTION(mode,            MODE,     0,     0777,         0600,           SERVERS) \
OPTION(backlog,         INTEGER,  1,     65535,        1024,           SERVERS) \
OPTION(maxaccepts,      INTEGER,  1,     65536,        256,            SERVERS) \
OPTION(maxconnections,  INTEGER,  1,     CONN_MOST,    0,              SERVERS) \
OPTION(maxperip,        INTEGER,  1,     CONN_MOST,    0,              SERVERS) \
OPTION(maxsends,        INTEGER,  1,     MOST_BOCKETS, 16,             ALL) \
OPTION(maxreceives,     INTEGER,  1,     MOST_BOCKETS, 16,             ALL) \
OPTION(size,            INTEGER,  16,    1 << 24,      4096,           SERVERS) \
OPTION(bockets,         INTEGER,  1,     1 << 28,      16384,          SERVERS) \
OPTION(header,          BYTES,    0,     0,            NO_BYTES,       SERVERS) \
OPTION(sndbuf,          INTEGER,  0,     MOST_BYTES,   65536,          ALL) \
OPTION(rcvbuf,          INTEGER,  0,     MOST_BYTES,   65536,          ALL) \
OPTION(nodelay,         BOOLEAN,  0,     0,            true,           ALL) \
OPTION(keepalive,       SECONDS,  0,     32767,        60,             ALL) \
OPTION(idle_timeout,    SECONDS,  0.001, 1e7,          0,              ALL) \
OPTION(setup_timeout,   SECONDS,  0.001, 1e7,          10,             ALL) \
OPTION(framing,         FRAMING,  0,     0,            NO_FRAMING,     ALL) \
OPTION(maxmessage,      INTEGER,  1,     MOST_BYTES,   0,              ALL) \
OPTION(message_timeout, SECONDS,  0.001, 1e7,          30,             ALL) \
OPTION(overflow,        OVERFLOW, 0,     0,            OVERFLOW_CLOSE, ALL) \
OPTION(maxqueue,        INTEGER,  1,     MOST_BYTES,   0,              ALL) \
OPTION(maxage,          SECONDS,  0.001, 1e7,          0,              ALL) \
OPTION(coalesce,        SECONDS,  0,     60,           0,              ALL) \
OPTION(maxtopics,       INTEGER,  0,     UINT16_MAX,   1024,           ALL)
/* clang-format on */

/* Framings that connections of a server may keep beside its own, when a reload
 * changes it. */
enum { MOST_OLD_FRAMINGS = 8 };

#define OPTIONS_FIELD(name, kind, least, most, initial, scope) \
    OPTION_TYPE_##kind name;

struct server_options {
    OPTIONS(OPTIONS_FIELD)
    bool buffered; /* buffered receive (receive/buffered.h) */
};

#define OPTIONS_TICKS_SECONDS(name) uint32_t name;
#define OPTIONS_TICKS_INTEGER(name)
#define OPTIONS_TICKS_BOOLEAN(name)
#define OPTIONS_TICKS_TEXT(name)
#define OPTIONS_TICKS_BYTES(name)
#define OPTIONS_TICKS_MODE(name)
#define OPTIONS_TICKS_FRAMING(name)
#define OPTIONS_TICKS_OVERFLOW(name)
#define OPTIONS_TICKS(name, kind, least, most, otherwise, of) \
    OPTIONS_TICKS_##kind(name)

/* The durations among the options in ticks of the engine; 0: none. */
struct server_ticks {
    OPTIONS(OPTIONS_TICKS)
};

/* The options for the system's sockets. */
struct socket_options
server_options_socket(const struct server_options *options);

/*
 * Copy options together with their strings, which the copy owns. False if there
 * is no memory. In either case end with server_options_free(), which frees the
 * strings.
 */
bool server_options_copy(struct server_options *copy,
                         const struct server_options *given);
void server_options_free(struct server_options *copy);

#endif
