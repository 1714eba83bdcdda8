/*
 * load.c - the load client
 *
 *     bench_load fanout|echo|accept|swarm|gaps|herd|probe PORT [NAME=NUMBER
 * ...] bench_load receive|publish PORT PROTOCOL [NAME=NUMBER ...] bench_load
 * nodelay PID
 *
 * A wrong argument prints those that the mode knows. No run is longer than
 * LONGEST seconds: then the alarm signal ends it.
 */
#include "load.h"

#include "tools.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST = 600 };

static const struct {
    const char *name;
    void (*run)(int number, char **arguments);
} modes[] = {
    {"fanout", load_fanout},   {"echo", load_echo},
    {"accept", load_accept},   {"swarm", load_swarm},
    {"receive", load_receive}, {"publish", load_publish},
    {"nodelay", load_nodelay}, {"gaps", load_gaps},
    {"herd", load_herd},       {"probe", load_probe},
};

static volatile sig_atomic_t stopping, paused;

static void obey(int signal)
{
    if (signal == SIGTERM)
        stopping = 1;
    else
        paused = signal == SIGUSR2;
}

bool load_stopping(void)
{
    return stopping;
}

bool load_paused(void)
{
    return paused;
}

void load_pause(void)
{
    paused = 1;
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = obey};

    setvbuf(stdout, NULL, _IOLBF, 0);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    alarm(LONGEST);

    for (size_t i = 0; argc > 2 && i < sizeof modes / sizeof modes[0]; i++)
        if (strcmp(argv[1], modes[i].name) == 0) {
            modes[i].run(atoi(argv[2]), argv + 3);
            return 0;
        }

    fprintf(stderr, "usage: bench_load MODE PORT ...; the modes are");
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        fprintf(stderr, " %s", modes[i].name);
    fprintf(stderr, "\n");
    return 2;
}
