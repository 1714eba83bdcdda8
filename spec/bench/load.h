/*
 * load.h - the clients' side of the bench, one function for each mode
 *
 * Each takes the server's port and its arguments, NAME=NUMBER, and runs until
 * its work is done, the server is gone, or SIGTERM comes. It prints one line of
 * counts at the end. SIGUSR2 pauses those that ask a server for work, SIGUSR1
 * lets them go on.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdbool.h>

void load_fanout(int port, char **arguments);
void load_echo(int port, char **arguments);
void load_accept(int port, char **arguments);
void load_swarm(int port, char **arguments);
void load_gaps(int port, char **arguments);
void load_herd(int port, char **arguments);
void load_probe(int port, char **arguments);
void load_receive(int port, char **arguments);
void load_publish(int port, char **arguments);

/* Takes the number of a process instead of a port. */
void load_nodelay(int pid, char **arguments);

/* Has SIGTERM come? */
bool load_stopping(void);

/* Are we to ask for nothing now? */
bool load_paused(void);

/* Begin that way. */
void load_pause(void);

#endif
