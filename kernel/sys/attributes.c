/* SPDX-License-Identifier: MIT */
/* attributes.c - the system calls that change what stat(2) shows: mode, owner, times. Everybody is root, so nobody is
 * refused; /proc's files stay as they are. */
#include <sys/calls.h>

#include <arch/x86/clock.h>
#include <arch/x86/usercopy.h>
#include <proc/process.h>
#include <sys/userpath.h>

#include <asm-generic/errno.h>
#include <linux/fcntl.h>
#include <linux/time_types.h>
#include <linux/utime.h>

/* <sys/stat.h>'s; the uapi headers do not have them. */
#define UTIME_NOW ((1L << 30) - 1L)
#define UTIME_OMIT ((1L << 30) - 2L)

static int64_t set_mode(struct node *node, uint64_t mode, uint64_t)
{
    return node_set_mode(node, (uint32_t)mode);
}

SYSCALL_IS(chmod, at_path(AT_FDCWD, ARG0(frame), 0, set_mode, ARG1(frame), 0));
SYSCALL_IS(fchmod, at_descriptor(ARG0(frame), true, set_mode, ARG1(frame), 0));
SYSCALL_IS(fchmodat, at_path((int)ARG0(frame), ARG1(frame), 0, set_mode, ARG2(frame), 0));

static int64_t set_owner(struct node *node, uint64_t uid, uint64_t gid)
{
    return node_set_owner(node, (uint32_t)uid, (uint32_t)gid);
}

SYSCALL_IS(chown, at_path(AT_FDCWD, ARG0(frame), 0, set_owner, ARG1(frame), ARG2(frame)));
SYSCALL_IS(lchown, at_path(AT_FDCWD, ARG0(frame), AT_SYMLINK_NOFOLLOW, set_owner, ARG1(frame), ARG2(frame)));
SYSCALL_IS(fchown, at_descriptor(ARG0(frame), true, set_owner, ARG1(frame), ARG2(frame)));

int64_t sys_fchownat(struct trapframe *frame)
{
    uint32_t flags = (uint32_t)ARG4(frame);

    if (flags & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    return at_path((int)ARG0(frame), ARG1(frame), flags, set_owner, ARG2(frame), ARG3(frame));
}

/* ---- times --------------------------------------------------------------------------------------------- */

/* Access and modification; NULL: now. */
typedef struct __kernel_timespec two_times[2];

static bool plausible(const struct __kernel_timespec *time)
{
    return time->tv_nsec == UTIME_NOW || time->tv_nsec == UTIME_OMIT ||
           (time->tv_nsec >= 0 && time->tv_nsec < (int64_t)NS_PER_SECOND);
}

static void set_time(int64_t *time, const struct __kernel_timespec *wanted, int64_t now)
{
    if (wanted->tv_nsec == UTIME_NOW)
        *time = now;
    else if (wanted->tv_nsec != UTIME_OMIT)
        *time = wanted->tv_sec * (int64_t)NS_PER_SECOND + wanted->tv_nsec;
}

static int64_t set_times(struct node *node, uint64_t two, uint64_t)
{
    const struct __kernel_timespec *times = (const struct __kernel_timespec *)two;
    int64_t now = node_now();

    if (node->fixed)
        return -EPERM;
    set_time(&node->accessed, &times[0], now);
    set_time(&node->modified, &times[1], now);
    node->changed = now;
    return 0;
}

static int64_t path_times(int directory, vaddr_t path, uint32_t flags, const two_times times)
{
    if (!plausible(&times[0]) || !plausible(&times[1]))
        return -EINVAL;
    if (times[0].tv_nsec == UTIME_OMIT && times[1].tv_nsec == UTIME_OMIT)
        return 0; /* Linux does not even look for the file */
    if (flags & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    return path || directory == AT_FDCWD
               ? at_path(directory, path, flags, set_times, (uint64_t)times, 0)
               : at_descriptor((uint64_t)directory, true, set_times, (uint64_t)times, 0);
}

static const two_times right_now = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};

int64_t sys_utimensat(struct trapframe *frame)
{
    two_times times = {right_now[0], right_now[1]};

    if (ARG2(frame) && copy_from_user(times, ARG2(frame), sizeof(times)) < 0)
        return -EFAULT;
    return path_times((int)ARG0(frame), ARG1(frame), (uint32_t)ARG3(frame), times);
}

static int64_t timeval_times(int directory, vaddr_t path, vaddr_t address)
{
    struct __kernel_old_timeval values[2];
    two_times times = {right_now[0], right_now[1]};

    if (address && copy_from_user(values, address, sizeof(values)) < 0)
        return -EFAULT;
    for (unsigned i = 0; i < 2 && address; i++) {
        if (values[i].tv_usec < 0 || values[i].tv_usec >= 1000000)
            return -EINVAL;
        times[i] =
            (struct __kernel_timespec){.tv_sec = values[i].tv_sec, .tv_nsec = values[i].tv_usec * 1000};
    }
    return path_times(directory, path, 0, times);
}

SYSCALL_IS(utimes, timeval_times(AT_FDCWD, ARG0(frame), ARG1(frame)));
SYSCALL_IS(futimesat, timeval_times((int)ARG0(frame), ARG1(frame), ARG2(frame)));

int64_t sys_utime(struct trapframe *frame)
{
    struct utimbuf seconds;
    two_times times = {right_now[0], right_now[1]};

    if (ARG1(frame)) {
        if (copy_from_user(&seconds, ARG1(frame), sizeof(seconds)) < 0)
            return -EFAULT;
        times[0] = (struct __kernel_timespec){.tv_sec = seconds.actime};
        times[1] = (struct __kernel_timespec){.tv_sec = seconds.modtime};
    }
    return path_times(AT_FDCWD, ARG0(frame), 0, times);
}
