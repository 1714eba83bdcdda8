/*
 * load_nodelay.c - has a server switched Nagle's algorithm off?
 *
 *     bench_load nodelay PID
 *
 * It borrows each descriptor of the process, which must be a child of the one
 * that asks or anybody's if that is root, and says of the TCP connections
 * among them
 *
 *     nodelay connections=... on=...
 */
#include "load.h"
#include "tools.h"

#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static unsigned connections, on;

static void look_at(int fd)
{
    struct sockaddr_storage peer;
    socklen_t length = sizeof peer;
    int nodelay = 0;

    if (getpeername(fd, (struct sockaddr *)&peer, &length) < 0)
        return;
    length = sizeof nodelay;
    if (getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &nodelay, &length) < 0)
        return;
    connections++;
    on += nodelay != 0;
}

void load_nodelay(int pid, char **arguments)
{
    int process = (int)syscall(SYS_pidfd_open, pid, 0);
    char path[64];

    (void)arguments;
    check(process, "pidfd_open");
    snprintf(path, sizeof path, "/proc/%d/fd", pid);

    DIR *directory = opendir(path);

    if (directory == NULL)
        fail(path);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        int fd = (int)syscall(SYS_pidfd_getfd, process, atoi(entry->d_name), 0);

        if (fd < 0)
            continue;
        look_at(fd);
        close(fd);
    }
    closedir(directory);
    printf("nodelay connections=%u on=%u\n", connections, on);
}
