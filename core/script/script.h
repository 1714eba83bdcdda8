/*
 * script.h - one script, run by one engine, from its first line to its last
 */
#ifndef FES_SCRIPT_H
#define FES_SCRIPT_H

#include <stdbool.h>

struct script_config {
    const char *file; /* the script; NULL: `code` */
    const char *code; /* from the command line */
    char **args;      /* what follows it there */
    int nargs;
    bool check; /* look at the syntax only */
};

/*
 * Load the script, say on stdout that its servers are ready, and run it until
 * it is stopped or has nothing left to wait for. Gives the exit status of the
 * program: 0, or 1 if it failed to load, which has been told on stderr.
 */
int script_main(const struct script_config *config);

#endif
