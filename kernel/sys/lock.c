/* SPDX-License-Identifier: MIT */
/* lock.c - the system calls that lock files: whose lock it is, and of which bytes. What locks mean is in fs/lock.c. */
#include <sys/lock.h>

#include <arch/x86/usercopy.h>
#include <fs/lock.h>
#include <proc/process.h>
#include <sys/calls.h>

#include <asm-generic/errno.h>
#include <linux/fs.h>

static int range_of(const struct file *file, const struct flock *from, struct lock *to)
{
    int64_t start = from->l_start, base = 0;

    if (from->l_whence == SEEK_CUR)
        base = (int64_t)file->position;
    else if (from->l_whence == SEEK_END)
        base = (int64_t)file->node->size;
    else if (from->l_whence != SEEK_SET)
        return -EINVAL;
    if (__builtin_add_overflow(base, start, &start))
        return -EOVERFLOW;
    int64_t length = from->l_len, end = INT64_MAX;
    if (start < 0)
        return -EINVAL;
    if (length > 0 && __builtin_add_overflow(start, length - 1, &end))
        return -EOVERFLOW;
    if (length < 0) { /* the bytes before it */
        if (start + length < 0)
            return -EINVAL;
        end = start - 1;
        start += length;
    }
    to->start = (uint64_t)start;
    to->end = (uint64_t)end;
    return 0;
}

static void describe(const struct lock *from, struct flock *to)
{
    to->l_type = (short)from->type;
    to->l_whence = SEEK_SET;
    to->l_start = (int64_t)from->start;
    to->l_len = from->end == LOCK_TO_THE_END ? 0 : (int64_t)(from->end - from->start + 1);
    to->l_pid = from->pid;
}

static int64_t get(struct file *file, const struct lock *wanted, struct flock *argument, vaddr_t address)
{
    struct lock other;

    if (lock_test(file->node, wanted, &other))
        describe(&other, argument);
    else
        argument->l_type = F_UNLCK;
    return copy_to_user(address, argument, sizeof(*argument));
}

static int64_t set(struct file *file, int fd, const struct lock *wanted, bool wait)
{
    uint32_t access = file->flags & O_ACCMODE;

    if ((wanted->type == F_RDLCK && access == O_WRONLY) || (wanted->type == F_WRLCK && access == O_RDONLY))
        return -EBADF;
    int error = lock_set(file->node, wanted, wait);
    if (error)
        return error;
    struct file *still FILE_HELD = fdtable_get(current_process()->files, fd);
    if (still == file)
        return 0;
    /* Closed while we waited: nobody would take the lock away any more. */
    lock_drop(file->node, wanted->owner);
    return -EBADF;
}

int64_t record_lock(struct file *file, int fd, uint32_t command, vaddr_t argument)
{
    bool of_file = command == F_OFD_GETLK || command == F_OFD_SETLK || command == F_OFD_SETLKW;
    struct lock wanted = {
        .family = LOCK_RANGE,
        .owner = of_file ? (const void *)file : current_process()->files,
        .pid = of_file ? -1 : current_process()->pid,
    };
    struct flock flock;

    if (copy_from_user(&flock, argument, sizeof(flock)) < 0)
        return -EFAULT;
    bool only_ask = command == F_GETLK || command == F_OFD_GETLK;
    if (command == F_GETLK && flock.l_type == F_UNLCK)
        return -EINVAL;
    int error = range_of(file, &flock, &wanted);
    if (error)
        return error;
    wanted.type = flock.l_type;
    if (wanted.type < F_RDLCK || wanted.type > F_UNLCK || (of_file && flock.l_pid != 0))
        return -EINVAL;
    if (only_ask)
        return get(file, &wanted, &flock, argument);
    return set(file, fd, &wanted, command == F_SETLKW || command == F_OFD_SETLKW);
}

int64_t sys_flock(struct trapframe *frame)
{
    uint32_t operation = (uint32_t)ARG1(frame), kind = operation & ~(uint32_t)LOCK_NB;
    struct lock wanted = {.family = LOCK_WHOLE, .pid = -1, .end = LOCK_TO_THE_END};

    if (kind != LOCK_SH && kind != LOCK_EX && kind != LOCK_UN)
        return -EINVAL;
    wanted.type = kind == LOCK_SH ? F_RDLCK : kind == LOCK_EX ? F_WRLCK : F_UNLCK;
    struct file *file FILE_HELD = fdtable_get_open(current_process()->files, (int)ARG0(frame));
    wanted.owner = file;
    return file ? lock_set(file->node, &wanted, !(operation & LOCK_NB)) : -EBADF;
}
