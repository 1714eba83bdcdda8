#include "crowd.h"

#include "sockets.h"

#include <errno.h>
#include <unistd.h>

void crowd_init(struct crowd *crowd, int port, long wanted, long inflight)
{
    raise_descriptor_limit();
    crowd->epoll = check(epoll_create1(0), "epoll_create1");
    crowd->port = port;
    crowd->wanted = (unsigned)wanted;
    crowd->inflight = (unsigned)inflight;
}

static bool open_one(struct crowd *crowd)
{
    unsigned number = crowd->opened;
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET |
                                          crowd->also,
                                .data.u32 = number};
    int fd = sockets_connect(crowd->port, number, crowd->rcvbuf);

    if (fd < 0)
        return false;
    crowd->fds[number] = fd;
    crowd->opened++;
    check(epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
    return true;
}

void crowd_fill(struct crowd *crowd)
{
    while (crowd->opened < crowd->wanted &&
           crowd->opened - crowd->greeted < crowd->inflight)
        if (!open_one(crowd)) {
            crowd->refused = crowd->wanted - crowd->opened;
            crowd->wanted = crowd->opened;
        }
}

int crowd_wait(struct crowd *crowd, struct epoll_event *events, int most,
               int ms)
{
    int count = epoll_wait(crowd->epoll, events, most, ms);

    if (count < 0 && errno != EINTR)
        fail("epoll_wait");
    return count < 0 ? 0 : count;
}

void crowd_leave(struct crowd *crowd, unsigned number)
{
    close(crowd->fds[number]);
    crowd->fds[number] = -1;
    crowd->gone++;
}
