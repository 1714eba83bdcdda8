/*
 * fes - run a handler script.
 */
#include "base/log.h"
#include "script/boot/program.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STATUS_USAGE = 2 };

static const char usage[] =
    "usage: fes [options] script.lua [args]\n"
    "       fes [options] -e CODE [args]\n"
    "\n"
    "Run a handler script: a server that pushes data to many connections.\n"
    "\n"
    "  -e CODE   run CODE instead of a file\n"
    "  -c        check the syntax and stop\n"
    "  -l LEVEL  log what is at least debug, info (default), warn or error\n"
    "  -w        load the script anew when its files change\n"
    "  -h        show this help\n"
    "  -v        show the version\n";

static int wrong_usage(const char *what, const char *which)
{
    fprintf(stderr, "fes: %s%s\n%s", what, which, usage);
    return STATUS_USAGE;
}

static int wrong_option(int option)
{
    const char text[] = {'-', (char)option, '\0'};

    if (option == 'e' || option == 'l')
        return wrong_usage("missing value after ", text);
    return wrong_usage("unknown option ", text);
}

static int say(const char *text)
{
    return fputs(text, stdout) < 0 || fflush(stdout) != 0;
}

/* -1: go on; else the exit status. */
static int take_option(int option, struct script_config *config)
{
    enum log_level level;

    switch (option) {
    case 'c':
        config->check = true;
        return -1;
    case 'e':
        config->code = optarg;
        return -1;
    case 'w':
        config->watch = true;
        return -1;
    case 'h':
        return say(usage);
    case 'v':
        return say("fes " FES_VERSION "\n");
    case 'l':
        if (!log_level_named(optarg, &level))
            return wrong_usage("no such log level: ", optarg);
        log_set_level(level);
        return -1;
    default:
        return wrong_option(optopt);
    }
}

int main(int argc, char **argv)
{
    struct script_config config = {0};
    int option;

    opterr = 0;
    while ((option = getopt(argc, argv, "+:ce:hl:vw")) != -1) {
        int status = take_option(option, &config);

        if (status >= 0)
            return status;
    }
    if (config.code == NULL) {
        if (optind == argc)
            return wrong_usage("no script given", "");
        config.file = argv[optind++];
    }
    config.args = argv + optind;
    config.nargs = argc - optind;
    return program_main(&config);
}
