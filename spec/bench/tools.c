#include "tools.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static const struct setting *find(const struct setting *settings,
                                  const char *argument, size_t length)
{
    for (; settings->name; settings++)
        if (strlen(settings->name) == length &&
            memcmp(settings->name, argument, length) == 0)
            return settings;
    return NULL;
}

static void set(const struct setting *settings, const char *argument)
{
    size_t length = strcspn(argument, "=");
    const struct setting *setting = find(settings, argument, length);
    char *end = NULL;

    if (setting && argument[length] == '=')
        *setting->value = strtol(argument + length + 1, &end, 10);

    if (!end || end == argument + length + 1 || *end != '\0') {
        fprintf(stderr, "bad argument: %s; known are", argument);
        for (; settings->name; settings++)
            fprintf(stderr, " %s=%ld", settings->name, *settings->value);
        fprintf(stderr, "\n");
        exit(2);
    }
}

void settings_read(const struct setting *settings, char **arguments)
{
    for (; *arguments; arguments++)
        set(settings, *arguments);
}

void fail(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

int check(int result, const char *what)
{
    if (result < 0)
        fail(what);
    return result;
}

void raise_descriptor_limit(void)
{
    struct rlimit limit;

    check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    limit.rlim_cur =
        limit.rlim_max < MOST_CLIENTS ? limit.rlim_max : MOST_CLIENTS;
    check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
}

uint64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

void nap(long us)
{
    struct timespec time = {.tv_nsec = us * 1000};

    if (us > 0)
        nanosleep(&time, NULL);
}

void message_write(unsigned char *message)
{
    for (int i = 0; i < MESSAGE; i++)
        message[i] = (unsigned char)i;
}
