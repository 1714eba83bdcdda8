/*
 * load_probe.c - one client that never rests: for how long is it not answered?
 *
 * It sends a byte, looks for the echo every `cadence_us`, and sends the next
 * byte. With listen=1 it sends nothing: each 8 bytes that come are the time at
 * which they were made, and the time that they took counts. SIGUSR1 begins a
 * measurement, SIGUSR2 tells what it saw. It runs at nice -20 beside other
 * clients, so their work does not count as the server's silence.
 */
#include "histogram.h"
#include "load.h"
#include "sockets.h"
#include "tools.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static long cadence_us = 100, listening;

static const struct setting settings[] = {
    {"cadence_us", &cadence_us},
    {"listen", &listening},
    {NULL, NULL},
};

static int fd;
static uint64_t asked; /* when the byte under way was sent; 0: none is */
static unsigned long bad;
static struct histogram silence;

/* The number of bytes that have come; 0 if there are none yet. */
static size_t take(void *bytes, size_t most)
{
    ssize_t length = recv(fd, bytes, most, MSG_DONTWAIT);

    if (length == 0)
        errno = ECONNRESET;
    if (length == 0 || (length < 0 && errno != EAGAIN && errno != ENOTCONN))
        fail("probe");
    return length < 0 ? 0 : (size_t)length;
}

static void await_greeting(void)
{
    char greeting;

    while (take(&greeting, GREETING) == 0)
        nap(cadence_us);
}

static void ask(void)
{
    char byte = 'p';

    asked = now();
    bad += send(fd, &byte, 1, MSG_NOSIGNAL) != 1;
}

static void look_for_echo(void)
{
    char byte;

    if (asked == 0) {
        ask();
    } else if (take(&byte, 1) == 1) {
        bad += byte != 'p';
        histogram_add(&silence, now() - asked);
        asked = 0;
    }
}

static void look_for_stamps(void)
{
    static unsigned char inbox[4096];
    static size_t kept;
    uint64_t made;
    size_t at = 0;

    kept += take(inbox + kept, sizeof inbox - kept);
    for (; kept - at >= sizeof made; at += sizeof made) {
        memcpy(&made, inbox + at, sizeof made);
        histogram_add(&silence, now() - made);
    }
    memmove(inbox, inbox + at, kept - at);
    kept -= at;
}

/* An echo that has not come yet has taken at least as long as until now. */
static void tell(void)
{
    if (asked > 0)
        histogram_add(&silence, now() - asked);
    printf("silence count=%lu bad=%lu", (unsigned long)silence.count, bad);
    histogram_print(&silence, "us");
    printf("\n");
}

static void begin(void)
{
    memset(&silence, 0, sizeof silence);
    if (asked > 0)
        asked = now();
}

void load_probe(int port, char **arguments)
{
    bool paused = true;

    settings_read(settings, arguments);
    prctl(PR_SET_TIMERSLACK, 1UL);
    fd = sockets_connect(port, 0, 0);
    check(fd, "connect");
    await_greeting();
    load_pause();
    printf("ready\n");
    while (!load_stopping()) {
        if (load_paused() != paused)
            paused ? begin() : tell();
        paused = load_paused();
        listening ? look_for_stamps() : look_for_echo();
        nap(cadence_us);
    }
    close(fd);
}
