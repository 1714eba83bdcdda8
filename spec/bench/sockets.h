/*
 * sockets.h - the two ends of a connection, as the bench makes them
 */
#ifndef BENCH_SOCKETS_H
#define BENCH_SOCKETS_H

#include <stddef.h>

/*
 * Listen on a free port of 127.0.0.1, set `*port`, return the descriptor. It
 * and what it accepts do not block, and have the options that fes sets.
 */
int sockets_listen(int *port);

/*
 * Begin to connect to `port` of 127.0.0.1, without blocking, with TCP_NODELAY.
 * The source address is 127.0.0.x, another one for each `number` of a row, so
 * that connections just closed do not use up the ports. `rcvbuf` of 0 leaves
 * the system's. The descriptor, or -1 with errno set if the connection is
 * refused at once.
 */
int sockets_connect(int port, size_t number, int rcvbuf);

#endif
