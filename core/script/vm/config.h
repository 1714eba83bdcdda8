/*
 * config.h - what the command line says
 */
#ifndef FES_VM_CONFIG_H
#define FES_VM_CONFIG_H

#include <stdbool.h>

struct script_config {
    const char *file; /* the script; NULL: `code` */
    const char *code; /* from the command line */
    char **args;      /* what follows it there */
    int nargs;
    bool check; /* look at the syntax only */
    bool watch; /* load it anew when its files change */
};

#endif
