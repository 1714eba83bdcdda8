/*
 * main.c - the command line: options, the script and its arguments
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

/* Print an error and the usage. Gives the exit status. */
static int usage_error(const char *what, const char *value)
{
    fprintf(stderr, "fes: %s%s\n%s", what, value, usage);
    return STATUS_USAGE;
}

/* getopt() found an unknown option, or one without its value. */
static int option_error(int option)
{
    const char text[] = {'-', (char)option, '\0'};

    if (option == 'e' || option == 'l')
        return usage_error("missing value after ", text);
    return usage_error("unknown option ", text);
}

/* Print to stdout. Gives the exit status: 0, or 1 if the output failed. */
static int print_text(const char *text)
{
    return fputs(text, stdout) < 0 || fflush(stdout) != 0;
}

/* Store one option in `config`. Gives the exit status, or -1 to go on. */
static int parse_option(int option, struct script_config *config)
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
        return print_text(usage);
    case 'v':
        return print_text("fes " FES_VERSION "\n");
    case 'l':
        if (!log_level_named(optarg, &level))
            return usage_error("no such log level: ", optarg);
        log_set_level(level);
        return -1;
    default:
        return option_error(optopt);
    }
}

int main(int argc, char **argv)
{
    struct script_config config = {0};
    int option;

    opterr = 0;
    while ((option = getopt(argc, argv, "+:ce:hl:vw")) != -1) {
        int status = parse_option(option, &config);

        if (status >= 0)
            return status;
    }
    if (config.code == NULL) {
        if (optind == argc)
            return usage_error("no script given", "");
        config.file = argv[optind++];
    }
    config.args = argv + optind;
    config.nargs = argc - optind;
    return program_main(&config);
}
