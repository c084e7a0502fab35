/* SPDX-License-Identifier: MIT */
/* epoll.c - epoll_create, epoll_ctl, epoll_wait and their like, eventfd: thin over fs/epoll.c and fs/eventfd.c. */
#include <sys/calls.h>

#include <arch/x86/usercopy.h>
#include <fs/epoll.h>
#include <fs/eventfd.h>
#include <mm/kmem.h>
#include <proc/process.h>
#include <sys/descriptor.h>
#include <sys/patience.h>

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>

#define EFD_SEMAPHORE 1U /* the uapi headers of Linux 6.1 do not have it */
#define FEW_EVENTS 16    /* these have room on the stack */

static int64_t make_epoll(uint32_t flags)
{
    struct file *file = NULL;

    if (flags & ~(uint32_t)EPOLL_CLOEXEC)
        return -EINVAL;
    int error = epoll_create(&file);
    return error ? error : descriptor_make(file, flags & EPOLL_CLOEXEC);
}

SYSCALL_IS(epoll_create, (int)ARG0(frame) <= 0 ? -EINVAL : make_epoll(0));
SYSCALL_IS(epoll_create1, make_epoll((uint32_t)ARG0(frame)));

int64_t sys_epoll_ctl(struct trapframe *frame)
{
    struct fdtable *files = current_process()->files;
    int operation = (int)ARG1(frame), fd = (int)ARG2(frame);
    struct epoll_event event = {0};

    if (operation != EPOLL_CTL_DEL && copy_from_user(&event, ARG3(frame), sizeof(event)) < 0)
        return -EFAULT;
    struct file *epoll FILE_HELD = fdtable_get_open(files, (int)ARG0(frame));
    struct file *file FILE_HELD = fdtable_get_open(files, fd);
    return epoll && file ? epoll_control(epoll, operation, file, fd, &event) : -EBADF;
}

static int64_t wait_for_events(const struct trapframe *frame, uint64_t deadline)
{
    struct epoll_event few[FEW_EVENTS], *events = few;
    int room = (int)ARG2(frame);
    int64_t found = -EINVAL;

    if (room <= 0 || (size_t)room > INT32_MAX / sizeof(events[0]))
        return -EINVAL;
    if (!user_range_ok(ARG1(frame), (size_t)room * sizeof(events[0])))
        return -EFAULT;
    struct file *epoll FILE_HELD = fdtable_get_open(current_process()->files, (int)ARG0(frame));
    if (!epoll)
        return -EBADF;
    room = MIN(room, FD_MAX);
    if (room > FEW_EVENTS && (events = kmalloc((size_t)room * sizeof(events[0]))) == NULL)
        found = -ENOMEM;
    else if (epoll_is(epoll))
        found = epoll_wait(epoll, events, (unsigned)room, deadline);
    if (found > 0 && copy_to_user(ARG1(frame), events, (size_t)found * sizeof(events[0])) < 0)
        found = -EFAULT;
    if (events != few)
        kfree(events);
    return found;
}

static int64_t wait_masked(const struct trapframe *frame, uint64_t deadline)
{
    int64_t result = wait_mask_begin(ARG4(frame), ARG5(frame));
    if (result)
        return result;
    result = wait_for_events(frame, deadline);
    wait_mask_end(ARG4(frame), result);
    return result;
}

SYSCALL_IS(epoll_wait, wait_for_events(frame, deadline_of_milliseconds((int)ARG3(frame))));
SYSCALL_IS(epoll_pwait, wait_masked(frame, deadline_of_milliseconds((int)ARG3(frame))));

int64_t sys_epoll_pwait2(struct trapframe *frame)
{
    uint64_t deadline;
    int error = deadline_of_timespec(ARG3(frame), &deadline);

    return error ? error : wait_masked(frame, deadline);
}

static int64_t make_eventfd(uint32_t count, uint32_t flags)
{
    struct file *file = NULL;

    if (flags & ~(uint32_t)(EFD_SEMAPHORE | O_CLOEXEC | O_NONBLOCK))
        return -EINVAL;
    int error = eventfd_create(count, flags & EFD_SEMAPHORE, flags & O_NONBLOCK, &file);
    return error ? error : descriptor_make(file, flags & O_CLOEXEC);
}

SYSCALL_IS(eventfd, make_eventfd((uint32_t)ARG0(frame), 0));
SYSCALL_IS(eventfd2, make_eventfd((uint32_t)ARG0(frame), (uint32_t)ARG1(frame)));
