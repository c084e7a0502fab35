/* SPDX-License-Identifier: MIT */
/* futex.c - the system call: which operation, which clock, until when. What it means is in proc/futex.c. */
#include <sys/calls.h>

#include <dev/rtc.h>
#include <proc/futex.h>
#include <proc/process.h>
#include <sys/timespec.h>

#include <asm-generic/errno.h>
#include <linux/futex.h>

/* WAIT counts from now, WAIT_BITSET names a moment of one of two clocks. 0: never. => 0, -EFAULT, -EINVAL. */
static int read_deadline(const struct trapframe *frame, uint32_t operation, uint64_t *deadline)
{
    uint64_t ns, ahead = operation & FUTEX_CLOCK_REALTIME ? clock_boot_realtime() : 0;
    *deadline = WAIT_FOREVER;
    if (!ARG3(frame))
        return 0;
    int error = timespec_read(ARG3(frame), &ns);
    if (error)
        return error;
    if ((operation & FUTEX_CMD_MASK) == FUTEX_WAIT)
        *deadline = timespec_deadline(ns);
    else
        *deadline = ns > ahead ? ns - ahead : 1;
    return 0;
}

static __attribute__((noinline)) int wait(const struct trapframe *frame, uint32_t operation,
                                          enum futex_sharing sharing, uint32_t bitset)
{
    uint64_t deadline;
    int error = read_deadline(frame, operation, &deadline);
    if (error)
        return error;
    if (bitset == 0)
        return -EINVAL;
    if (deadline)
        deadline = task_deadline(deadline);
    int result =
        futex_wait(current_process()->aspace, ARG0(frame), sharing, (uint32_t)ARG2(frame), deadline, bitset);
    if (result == -EINTR)
        current_task()->restart_deadline = deadline;
    return result;
}

static __attribute__((noinline)) int requeue(const struct trapframe *frame, enum futex_sharing sharing,
                                             bool compare)
{
    const struct futex_requeue request = {
        .from = ARG0(frame),
        .to = ARG4(frame),
        .sharing = sharing,
        .wake = (int)ARG2(frame),
        .move = (int)ARG3(frame),
        .compare = compare,
        .value = (uint32_t)ARG5(frame),
    };
    if (request.wake < 0 || request.move < 0 || request.to % sizeof(uint32_t))
        return -EINVAL;
    return futex_requeue(current_process()->aspace, &request);
}

int64_t sys_futex(struct trapframe *frame)
{
    uint32_t operation = (uint32_t)ARG1(frame), command = operation & FUTEX_CMD_MASK;
    enum futex_sharing sharing = operation & FUTEX_PRIVATE_FLAG ? FUTEX_PRIVATE : FUTEX_SHARED;
    uint32_t bitset = command == FUTEX_WAIT || command == FUTEX_WAKE ? FUTEX_ANY : (uint32_t)ARG5(frame);
    if ((operation & FUTEX_CLOCK_REALTIME) && command != FUTEX_WAIT_BITSET)
        return -ENOSYS;
    bool aligned = ARG0(frame) % sizeof(uint32_t) == 0;
    switch (command) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
        return aligned ? wait(frame, operation, sharing, bitset) : -EINVAL;
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
        if (!aligned || bitset == 0)
            return -EINVAL;
        return futex_wake(current_process()->aspace, ARG0(frame), sharing, (int)ARG2(frame), bitset);
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE:
        return aligned ? requeue(frame, sharing, command == FUTEX_CMP_REQUEUE) : -EINVAL;
    default:
        return -ENOSYS;
    }
}

int64_t sys_set_robust_list(struct trapframe *frame)
{
    if (ARG1(frame) != sizeof(struct robust_list_head))
        return -EINVAL;
    current_task()->robust_list = ARG0(frame);
    return 0;
}

int64_t sys_get_robust_list(struct trapframe *frame)
{
    const struct task *task = ARG0(frame) ? task_find((int)ARG0(frame)) : current_task();
    const uint64_t size = sizeof(struct robust_list_head);

    if (!task)
        return -ESRCH;
    vaddr_t list = task->robust_list;
    if (copy_to_user(ARG2(frame), &size, sizeof(size)) != 0)
        return -EFAULT;
    return copy_to_user(ARG1(frame), &list, sizeof(list));
}
