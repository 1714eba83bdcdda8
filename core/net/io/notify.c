#include "net/io/notify.h"

#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * NOTIFY_SOCKET is a path, or "@name" in Linux's abstract namespace. Gives the
 * length of the address; 0: there is no manager.
 */
static socklen_t manager_address(struct sockaddr_un *manager)
{
    const char *name = getenv("NOTIFY_SOCKET");
    size_t length = name != NULL ? strlen(name) : 0;

    if (length < 2 || length >= sizeof manager->sun_path ||
        (name[0] != '/' && name[0] != '@'))
        return 0;
    *manager = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(manager->sun_path, name, length);
    if (name[0] == '@')
        manager->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

/* Send one datagram to the manager, if there is one. */
static void send_state(const char *state)
{
    struct sockaddr_un manager;
    socklen_t length = manager_address(&manager);
    int fd;

    if (length == 0)
        return;
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || sendto(fd, state, strlen(state), MSG_NOSIGNAL,
                         (struct sockaddr *)&manager, length) < 0)
        log_warn("cannot notify the service manager: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
}

static void on_watchdog_due(struct timer *timer)
{
    struct notify *notify = link_owner(timer, struct notify, timer);

    send_state("WATCHDOG=1");
    timer_start(notify->loop, timer, clock_now() + notify->period);
}

/*
 * Half of the time that the manager allows between two messages, in
 * nanoseconds. 0: it does not watch this process.
 */
static uint64_t watchdog_period(void)
{
    const char *micros = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");

    if (micros == NULL || (pid != NULL && strtol(pid, NULL, 10) != getpid()))
        return 0;
    return strtoull(micros, NULL, 10) * (CLOCK_MILLI / 1000) / 2;
}

void notify_ready(struct notify *notify, struct loop *loop)
{
    *notify = (struct notify){.loop = loop, .period = watchdog_period()};
    timer_init(&notify->timer, on_watchdog_due);
    send_state("READY=1");
    if (notify->period > 0)
        timer_start(loop, &notify->timer, clock_now() + notify->period);
}

void notify_reloading(void)
{
    char state[64];

    snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%llu",
             (unsigned long long)(clock_now() / (CLOCK_MILLI / 1000)));
    send_state(state);
}

void notify_reloaded(void)
{
    send_state("READY=1");
}

void notify_stopping(void)
{
    send_state("STOPPING=1");
}
