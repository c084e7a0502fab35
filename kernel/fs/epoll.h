/* SPDX-License-Identifier: MIT */
/* epoll.h - a set of files that is itself a file, to wait for whichever of them is ready (epoll(7)). */
#pragma once

#include <fs/file.h>

#include <linux/eventpoll.h>

int epoll_create(struct file **file);
bool epoll_is(const struct file *file);
/* EPOLL_CTL_ADD, MOD, DEL of the pair (file, fd). => 0; -EEXIST, -ENOENT, -EPERM (a file that never makes anybody wait),
 * -EINVAL, -ELOOP, -ENOMEM. */
int epoll_control(struct file *epoll, int operation, struct file *file, int fd,
                  const struct epoll_event *event);
/* At most `room` ready ones. deadline: as poll_until has it. => how many; 0: time is over; -EINTR. */
int epoll_wait(struct file *epoll, struct epoll_event *events, unsigned room, uint64_t deadline);
