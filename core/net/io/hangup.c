#include "net/io/hangup.h"

#include <sys/epoll.h>
#include <unistd.h>

bool hangup_init(struct hangups *hangups, struct loop *loop, watch_fn *fn)
{
    hangups->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (hangups->epoll < 0)
        return false;
    watch_init(&hangups->watch, hangups->epoll, fn);
    watch_set(loop, &hangups->watch, LOOP_READ);
    return true;
}

void hangup_free(struct hangups *hangups, struct loop *loop)
{
    watch_set(loop, &hangups->watch, 0);
    close(hangups->epoll);
}

/* epoll always reports EPOLLERR and EPOLLHUP, so no other event is named. */
bool hangup_expect(struct hangups *hangups, int fd, uint64_t name)
{
    struct epoll_event event = {.events = EPOLLONESHOT, .data.u64 = name};

    return epoll_ctl(hangups->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

void hangup_forget(struct hangups *hangups, int fd)
{
    epoll_ctl(hangups->epoll, EPOLL_CTL_DEL, fd, NULL);
}

bool hangup_next(struct hangups *hangups, uint64_t *name)
{
    struct epoll_event event;

    if (epoll_wait(hangups->epoll, &event, 1, 0) != 1)
        return false;
    *name = event.data.u64;
    return true;
}
