/* SPDX-License-Identifier: MIT */
/* errors_sockets.c - epoll, eventfd and sockets: what they refuse. */
#include <sys/epoll.h>

#include "errors.h"

static void sets(void)
{
    int set = epoll_create1(0), file = scratch_file(1), ends[2];
    struct epoll_event in = {.events = EPOLLIN};
    struct timespec soon = {0}, bad = {.tv_nsec = 1000000000};
    uint64_t none = 0;

    if (pipe(ends) != 0)
        _exit(95);
    ROW(epoll_create, 0);
    ROW(epoll_create, -1);
    ROW(epoll_create1, 1);
    ROW(epoll_create1, O_NONBLOCK);
    ROW(epoll_ctl, 999, EPOLL_CTL_ADD, ends[0], &in);
    ROW(epoll_ctl, set, EPOLL_CTL_ADD, 999, &in);
    ROW(epoll_ctl, set, EPOLL_CTL_ADD, ends[0], BAD);
    ROW(epoll_ctl, set, EPOLL_CTL_ADD, file, &in);
    ROW(epoll_ctl, set, EPOLL_CTL_ADD, set, &in);
    ROW(epoll_ctl, ends[0], EPOLL_CTL_ADD, ends[1], &in);
    ROW(epoll_ctl, set, 0, ends[0], &in);
    ROW(epoll_ctl, set, 4, ends[0], &in);
    ROW(epoll_ctl, set, EPOLL_CTL_MOD, ends[0], &in);
    ROW(epoll_ctl, set, EPOLL_CTL_DEL, ends[0], BAD);
    ROW(epoll_ctl, set, EPOLL_CTL_ADD, ends[0], &in);
    ROW(epoll_ctl, set, EPOLL_CTL_ADD, ends[0], &in);
    ROW(epoll_wait, set, at, 0, 0);
    ROW(epoll_wait, set, at, -1, 0);
    ROW(epoll_wait, set, at, 0x7fffffff, 0);
    ROW(epoll_wait, 999, at, 1, 0);
    ROW(epoll_wait, ends[0], at, 1, 0);
    ROW(epoll_wait, set, BAD, 1, 0);
    ROW(epoll_pwait, set, at, 1, 0, BAD, 8);
    ROW(epoll_pwait, set, at, 1, 0, at, 4);
    ROW(epoll_pwait, set, at, 0, 0, 0, 0);
    ROW(epoll_pwait2, set, at, 1, BAD, 0, 8);
    ROW(epoll_pwait2, set, at, 1, &bad, 0, 8);
    ROW(epoll_pwait2, set, at, 1, &soon, &none, 4);
    ROW(epoll_pwait2, set, at, 1, &soon, &none, 8);
    ROW(eventfd, 0);
    ROW(eventfd2, 0, 2);
    ROW(eventfd2, 0, O_APPEND);
}

int main(void)
{
    at = island(4);
    sets();
    return table_end();
}
