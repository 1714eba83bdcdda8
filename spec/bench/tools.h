/*
 * tools.h - what the bench programs share: arguments, the clock, the limit
 *
 * The programs take arguments of the form NAME=NUMBER, so that a row of the
 * bench is one line that can be typed by hand:
 *
 *     bench_floor fanout connections=1000 batch=16 measure_ms=2000
 *
 * Errors here end the program with a message: a bench has nobody to recover
 * for.
 */
#ifndef BENCH_TOOLS_H
#define BENCH_TOOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MESSAGE = 128,        /* bytes in a message of the fan-out */
    MOST_CLIENTS = 20000, /* and so the highest descriptor */
    GREETING = 1 /* the one byte that each server of the bench greets with */
};

/* An argument that may be given, and where its value goes. */
struct setting {
    const char *name;
    long *value;
};

/*
 * Set what `arguments`, which ends with NULL, gives. `settings` ends with a
 * name of NULL. An unknown name or a bad number ends the program, status 2.
 */
void settings_read(const struct setting *settings, char **arguments);

/* Say what failed and why errno says it did; end the program, status 1. */
_Noreturn void fail(const char *what);

/* `result`, or the end of the program if it is negative. */
int check(int result, const char *what);

/* Let this process have as many descriptors as it may, but MOST_CLIENTS. */
void raise_descriptor_limit(void);

/* Nanoseconds of CLOCK_MONOTONIC: the clock of fes.now(). */
uint64_t now(void);

/* Sleep for some microseconds, less than a second; not at all if it is 0. */
void nap(long us);

/* Write a message: its bytes count from 0 to 127. */
void message_write(unsigned char *message);

#endif
