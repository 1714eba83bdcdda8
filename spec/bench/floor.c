/*
 * floor.c - the floor: the cheapest server that does the same work
 *
 *     bench_floor fanout|echo|accept [NAME=NUMBER ...]
 *
 * What it costs is what the kernel costs, so it is what any server can be
 * compared with. Sockets are set up as fes sets them up; each is watched once,
 * edge-triggered, and nothing is allocated after start. In the fan-out a turn
 * is one send() for each socket, of the same bytes, from the same buffer.
 *
 * A server of the bench greets each client with one byte, echoes what it is
 * sent, and says on stdout, one line each,
 *
 *     listening 127.0.0.1:PORT     for clients
 *     listening 127.0.0.1:PORT     the control port, see interval.h
 *     measured messages=...        after each interval
 *     total messages=...           after SIGTERM, all of them sent
 *
 * The handler scripts serve_*.lua say and do the same.
 */
#include "interval.h"
#include "sockets.h"
#include "tools.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { INBOX = 4096, MOST_BATCH = 64 };

/*
 * One system call in SAMPLE is timed, and counts SAMPLE times; an odd number,
 * for in an echo every other one is a send. More nanoseconds than OTHERS_RAN
 * were not the call's.
 */
enum { SAMPLE = 61, OTHERS_RAN = 100000, WEIGHINGS = 1000 };

static enum mode { FANOUT, ECHO, ACCEPT, MODES } mode;
static const char *const mode_names[] = {"fanout", "echo", "accept"};

static long connections = 1, batch = 1, rate, stamp;
static struct interval interval = {.warmup_ms = 100, .measure_ms = 1000};

static const struct setting settings[] = {
    {"connections", &connections}, /* expected, so that `rate` is kept */
    {"batch", &batch},             /* messages in one send */
    {"rate", &rate},   /* messages * connections a second; 0: saturated */
    {"stamp", &stamp}, /* 1: bytes 8 to 15 of a message say when it was made */
    {"warmup_ms", &interval.warmup_ms},
    {"measure_ms", &interval.measure_ms},
    {"messages", &interval.messages},
    {NULL, NULL},
};

/*
 * The sockets to send to stand in `sockets`; a socket's peer is found by its
 * descriptor. What the kernel did not take of the last send is the peer's
 * `unsent`, and `behind` counts the peers that have some. A turn waits until
 * nobody is behind, so a peer never owes bytes of two sends, and the fast path
 * need not look at peers at all.
 */
static struct peer {
    const unsigned char *unsent;
    unsigned owed;
    unsigned place; /* in sockets */
} peers[MOST_CLIENTS];
static int sockets[MOST_CLIENTS];
static unsigned nsockets, behind;

static unsigned char turn_bytes[MOST_BATCH * MESSAGE];
static size_t turn_length;
static unsigned char inbox[INBOX];
static unsigned char late[MOST_CLIENTS][INBOX]; /* echoes that had to wait */

static struct counts counts;
static unsigned calls;
static uint64_t clock_cost; /* nanoseconds that the timing of nothing takes */
static int epoll, listener, signals, pace;
static bool stopping, turn_due, pacing;

static void watch(int fd, unsigned events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};

    check(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

static void drop(int fd)
{
    int last = sockets[--nsockets];

    behind -= peers[fd].owed > 0;
    peers[fd].owed = 0;
    sockets[peers[fd].place] = last;
    peers[last].place = peers[fd].place;
    close(fd);
}

/* A send that failed for good is left to the event that comes with it. */
static void owe(int fd, const unsigned char *bytes, size_t length, ssize_t sent)
{
    size_t taken = sent > 0 ? (size_t)sent : 0;

    if (sent < 0 && errno != EAGAIN)
        return;
    counts.bytes += taken;
    peers[fd].unsent = bytes + taken;
    peers[fd].owed = (unsigned)(length - taken);
    behind++;
}

/*
 * How much of the CPU time is the kernel's is found by timing, for its own
 * split is no use here: its tick, held back while interrupts are off, falls on
 * the first instruction after a system call, and counts as the program's.
 */
static void sampled(uint64_t began)
{
    uint64_t time = now() - began;

    if (time > clock_cost && time < OTHERS_RAN)
        counts.kernel += SAMPLE * (time - clock_cost);
}

/* The least that is ever seen: what is more has been somebody else's. */
static void weigh_clock(void)
{
    clock_cost = OTHERS_RAN;
    for (int i = 0; i < WEIGHINGS; i++) {
        uint64_t began = now();
        uint64_t time = now() - began;

        if (time < clock_cost)
            clock_cost = time;
    }
}

static ssize_t send_some(int fd, const unsigned char *bytes, size_t length)
{
    if (++calls % SAMPLE != 0)
        return send(fd, bytes, length, MSG_NOSIGNAL);

    uint64_t began = now();
    ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);

    sampled(began);
    return sent;
}

static ssize_t receive_some(int fd)
{
    if (++calls % SAMPLE != 0)
        return recv(fd, inbox, sizeof inbox, 0);

    uint64_t began = now();
    ssize_t length = recv(fd, inbox, sizeof inbox, 0);

    sampled(began);
    return length;
}

static inline void push(int fd, const unsigned char *bytes, size_t length)
{
    ssize_t sent = send_some(fd, bytes, length);

    counts.sends++;
    if (sent == (ssize_t)length)
        counts.bytes += length;
    else
        owe(fd, bytes, length, sent);
}

static void pay(int fd)
{
    unsigned owed = peers[fd].owed;

    peers[fd].owed = 0;
    behind--;
    push(fd, peers[fd].unsent, owed);
}

/* What one recv() brought goes back; what is left must outlive the inbox. */
static void echo(int fd, size_t length)
{
    counts.messages += mode == ECHO;
    push(fd, inbox, length);
    if (peers[fd].owed > 0) {
        memcpy(late[fd], peers[fd].unsent, peers[fd].owed);
        peers[fd].unsent = late[fd];
    }
}

/*
 * A read that does not fill the inbox has emptied the socket, and more data
 * makes a new edge. The end of the stream makes none after `ended`.
 */
static void answer(int fd, bool ended)
{
    ssize_t length = sizeof inbox;

    while (peers[fd].owed == 0 && (length == sizeof inbox || ended)) {
        length = receive_some(fd);
        if (length < 0 && errno == EAGAIN)
            return;
        if (length <= 0) {
            drop(fd);
            return;
        }
        echo(fd, (size_t)length);
    }
}

static void serve_peer(int fd, unsigned events)
{
    if (peers[fd].owed > 0 && events & EPOLLOUT)
        pay(fd);
    answer(fd, events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR));
}

static void apply_to_conn(int fd)
{
    if (send(fd, "\1", GREETING, MSG_NOSIGNAL) != GREETING)
        fail("greeting");
    peers[fd].place = nsockets;
    sockets[nsockets++] = fd;
    watch(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

static void accept_all(void)
{
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        apply_to_conn(fd);
        counts.messages += mode == ACCEPT;
    }
    if (errno != EAGAIN && errno != ECONNABORTED)
        fail("accept4");
}

static void serve(int fd, unsigned events)
{
    uint64_t ticks;

    if (fd == listener)
        accept_all();
    else if (fd == pace)
        turn_due = read(pace, &ticks, sizeof ticks) == sizeof ticks;
    else if (fd == signals)
        stopping = true;
    else if (!interval_serve(&interval, fd))
        serve_peer(fd, events);
}

/* What is timed must not sleep: that is no CPU time. It is asked for first. */
static int wait_some(struct epoll_event *events, int most, int timeout)
{
    static unsigned waits;

    if (++waits % SAMPLE == 0) {
        uint64_t began = now();
        int count = epoll_wait(epoll, events, most, 0);

        sampled(began);
        if (count != 0)
            return count;
    }
    return epoll_wait(epoll, events, most, timeout);
}

static void collect(int timeout)
{
    static struct epoll_event events[512];
    int count = wait_some(events, 512, timeout);

    for (int i = 0; i < count; i++)
        serve(events[i].data.fd, events[i].events);
}

static void stamp_messages(void)
{
    uint64_t time = now();

    for (long i = 0; i < batch; i++)
        memcpy(turn_bytes + i * MESSAGE + 8, &time, sizeof time);
}

static void turn(void)
{
    if (stamp)
        stamp_messages();
    for (unsigned i = 0; i < nsockets; i++)
        push(sockets[i], turn_bytes, turn_length);

    counts.messages += (unsigned long)batch;
    turn_due = rate == 0;
}

/*
 * The pace is kept only while an interval runs; else the server sleeps. A tick
 * that an interval has left over begins no turn of the next.
 */
static void keep_pace(void)
{
    long period = 1000000000 / rate * connections * batch;
    struct timespec every = {.tv_sec = period / 1000000000,
                             .tv_nsec = period % 1000000000};
    struct itimerspec time = {.it_value = every, .it_interval = every};
    static const struct itimerspec never;

    pacing = interval.running;
    turn_due = false;
    check(timerfd_settime(pace, 0, pacing ? &time : &never, NULL),
          "timerfd_settime");
}

static bool may_send(void)
{
    return mode == FANOUT && interval.running && turn_due && behind == 0 &&
           !stopping;
}

/* Where a pace is kept, an interval is a number of whole periods. */
static bool step_due(void)
{
    return behind == 0 && (rate == 0 || turn_due) &&
           (interval.due || interval_is_full(&interval, counts.messages));
}

static void run(void)
{
    while (!stopping || behind > 0) {
        if (step_due())
            interval_step(&interval, &counts);
        if (rate > 0 && pacing != interval.running)
            keep_pace();
        if (may_send())
            turn();
        collect(may_send() || step_due() ? 0 : -1);
    }
    printf("total messages=%lu sends=%lu bytes=%lu\n", counts.messages,
           counts.sends, counts.bytes);
}

static int open_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    check(sigprocmask(SIG_BLOCK, &set, NULL), "sigprocmask");
    return check(signalfd(-1, &set, 0), "signalfd");
}

static void set_up(void)
{
    int port, control;

    for (long i = 0; i < batch; i++)
        message_write(turn_bytes + i * MESSAGE);
    turn_length = (size_t)batch * MESSAGE;
    turn_due = rate == 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    raise_descriptor_limit();
    weigh_clock();
    epoll = check(epoll_create1(0), "epoll_create1");
    signals = open_signals();
    pace = check(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), "timerfd");
    listener = sockets_listen(&port);
    watch(signals, EPOLLIN);
    watch(pace, EPOLLIN);
    watch(listener, EPOLLIN | EPOLLET);
    control = interval_open(&interval, epoll);
    printf("listening 127.0.0.1:%d\nlistening 127.0.0.1:%d\n", port, control);
}

int main(int argc, char **argv)
{
    while (mode < MODES && argc > 1 && strcmp(argv[1], mode_names[mode]) != 0)
        mode++;
    if (argc < 2 || mode == MODES) {
        fprintf(stderr, "usage: bench_floor fanout|echo|accept ...\n");
        return 2;
    }
    settings_read(settings, argv + 2);
    if (batch < 1 || batch > MOST_BATCH) {
        fprintf(stderr, "batch is 1 to %d\n", MOST_BATCH);
        return 2;
    }
    set_up();
    run();
    return 0;
}
