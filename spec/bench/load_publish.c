/*
 * load_publish.c - the publisher of a server that needs one
 *
 *     bench_load publish PORT PROTOCOL [NAME=NUMBER ...]
 *
 * At each SIGUSR1 it publishes `messages` of them, `batch` in one write, at the
 * pace at which `connections` receivers get `rate` messages a second, all in
 * all. "ready" is printed when it has connected; it ends at SIGTERM, or when
 * the server has gone.
 */
#include "load.h"
#include "protocol.h"
#include "sockets.h"
#include "tools.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { SCRAP = 65536, MOST_BATCH = 64, LONGEST_FRAME = 512 };
enum { STAMP = 8, REST_NS = 1000000 };

static long connections = 100, batch = 1, rate = 20000, messages = 16;

static const struct setting settings[] = {
    {"connections", &connections}, {"batch", &batch}, {"rate", &rate},
    {"messages", &messages},       {NULL, NULL},
};

static const struct protocol *protocol;
static unsigned char turn[MOST_BATCH * LONGEST_FRAME];

static size_t append(size_t at, struct bytes bytes)
{
    if (bytes.length > 0)
        memcpy(turn + at, bytes.at, bytes.length);
    return at + bytes.length;
}

static size_t write_turn(void)
{
    uint64_t time = now();
    size_t at = 0;

    for (long i = 0; i < batch; i++) {
        at = append(at, protocol->publish_head);
        message_write(turn + at);
        memcpy(turn + at + STAMP, &time, sizeof time);
        at = append(at + MESSAGE, protocol->publish_tail);
    }
    return at;
}

static void await(int fd, short events, uint64_t ns)
{
    struct pollfd ready = {.fd = fd, .events = events};
    struct timespec time = {.tv_sec = (time_t)(ns / 1000000000),
                            .tv_nsec = (long)(ns % 1000000000)};

    if (ppoll(&ready, 1, &time, NULL) < 0 && errno != EINTR)
        fail("ppoll");
}

/* What the server says is of no use, but it may want a sign of life. */
static void answer(int fd, const void *said, size_t length)
{
    const struct bytes *noise = &protocol->noise;

    if (noise->length > 0 &&
        memmem(said, length, noise->at, noise->length) != NULL)
        send(fd, protocol->answer.at, protocol->answer.length, MSG_NOSIGNAL);
}

/* False when the server has gone. */
static bool discard(int fd)
{
    static unsigned char scrap[SCRAP];
    ssize_t length;

    while ((length = recv(fd, scrap, sizeof scrap, 0)) > 0)
        answer(fd, scrap, (size_t)length);
    return length < 0 && errno == EAGAIN;
}

static bool say(int fd, const void *bytes, size_t length)
{
    const unsigned char *from = bytes;

    while (length > 0 && !load_stopping()) {
        ssize_t sent = send(fd, from, length, MSG_NOSIGNAL);

        if (sent < 0 && errno != EAGAIN && errno != ENOTCONN)
            return false;
        if (sent < 0) {
            await(fd, POLLOUT, REST_NS);
        } else {
            from += sent;
            length -= (size_t)sent;
        }
        if (!discard(fd) && errno != ENOTCONN)
            return false;
    }
    return true;
}

/* All turns of a round. False when the server has gone. */
static bool publish(int fd)
{
    uint64_t period =
        (uint64_t)(batch * connections) * 1000000000 / (uint64_t)rate;
    uint64_t due = now();

    for (long left = messages; left > 0 && !load_stopping(); left -= batch) {
        if (!say(fd, turn, write_turn()))
            return false;
        due += period;
        for (uint64_t time; (time = now()) < due && !load_stopping();) {
            await(fd, POLLIN, due - time);
            if (!discard(fd))
                return false;
        }
    }
    return true;
}

void load_publish(int port, char **arguments)
{
    protocol = protocol_find(*arguments);
    settings_read(settings, arguments + 1);
    if (batch < 1 || batch > MOST_BATCH)
        batch = MOST_BATCH;
    load_pause();

    int fd = check(sockets_connect(port, 0, 0), "connect");
    bool there =
        say(fd, protocol->publisher_hello.at, protocol->publisher_hello.length);

    printf("ready\n");
    while (there && !load_stopping()) {
        if (load_paused()) {
            await(fd, POLLIN, REST_NS);
            there = discard(fd);
        } else {
            load_pause();
            there = publish(fd);
        }
    }
}
