/*
 * config.h - what the command line says
 */
#ifndef FES_VM_CONFIG_H
#define FES_VM_CONFIG_H

#include <stdbool.h>

struct script_config {
    const char *file; /* path of the script; NULL: run `code` */
    const char *code; /* Lua code from the command line (-e) */
    char **args;      /* the script's arguments */
    int nargs;
    bool check; /* check the syntax only, run nothing */
    bool watch; /* reload when the script's files change */
};

#endif
