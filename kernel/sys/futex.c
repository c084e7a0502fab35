/* SPDX-License-Identifier: MIT */
/* futex.c - the system call: which operation, which clock, until when. What it means is in proc/futex.c. */
#include <sys/calls.h>

#include <arch/x86/usercopy.h>
#include <dev/rtc.h>
#include <proc/futex.h>
#include <proc/process.h>
#include <sys/timespec.h>

#include <asm-generic/errno.h>
#include <linux/futex.h>

static inline enum futex_sharing sharing_of(uint32_t operation)
{
    return (enum futex_sharing)(operation & FUTEX_PRIVATE_FLAG);
}

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

static NOINLINE int64_t wait_until(const struct trapframe *frame, uint32_t operation, uint32_t bitset)
{
    uint64_t deadline;
    int error = read_deadline(frame, operation, &deadline);
    if (error)
        return error;
    if (bitset == 0)
        return -EINVAL;
    if (deadline)
        deadline = task_deadline(deadline);
    int64_t result = futex_wait(current_process()->aspace, ARG0(frame), sharing_of(operation),
                                (uint32_t)ARG2(frame), deadline, bitset);
    if (result == -EINTR)
        current_task()->restart_deadline = deadline;
    return result;
}

static inline int64_t wait(const struct trapframe *frame, uint32_t operation, uint32_t bitset)
{
    if (unlikely(ARG3(frame) || bitset == 0))
        return wait_until(frame, operation, bitset);
    return futex_wait(current_process()->aspace, ARG0(frame), sharing_of(operation), (uint32_t)ARG2(frame),
                      WAIT_FOREVER, bitset);
}

static inline int64_t wake(const struct trapframe *frame, uint32_t operation, uint32_t bitset)
{
    return futex_wake(current_process()->aspace, ARG0(frame), sharing_of(operation), (int)ARG2(frame),
                      bitset);
}

static NOINLINE int64_t requeue(const struct trapframe *frame, enum futex_sharing sharing, bool compare)
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

/* => 0; -ENOSYS: there is no such operation. */
static int operate(uint32_t operation, uint32_t argument, uint32_t *word)
{
    switch (operation) {
    case FUTEX_OP_SET:
        *word = argument;
        return 0;
    case FUTEX_OP_ADD:
        *word += argument;
        return 0;
    case FUTEX_OP_OR:
        *word |= argument;
        return 0;
    case FUTEX_OP_ANDN:
        *word &= ~argument;
        return 0;
    case FUTEX_OP_XOR:
        *word ^= argument;
        return 0;
    default:
        return -ENOSYS;
    }
}

/* => 0, 1; -ENOSYS: there is no such comparison. */
static int compare(uint32_t comparison, int one, int other)
{
    switch (comparison) {
    case FUTEX_OP_CMP_EQ:
        return one == other;
    case FUTEX_OP_CMP_NE:
        return one != other;
    case FUTEX_OP_CMP_LT:
        return one < other;
    case FUTEX_OP_CMP_LE:
        return one <= other;
    case FUTEX_OP_CMP_GT:
        return one > other;
    case FUTEX_OP_CMP_GE:
        return one >= other;
    default:
        return -ENOSYS;
    }
}

static int sign_extend(uint32_t twelve_bits)
{
    return (int)(twelve_bits << 20) >> 20;
}

/* futex(2), FUTEX_WAKE_OP: changes the second word, wakes sleepers of the first, and of the second if what it was compares. The
 * word changes before anybody is woken, and who comes to sleep in between sees it changed: no wake-up is lost. */
static NOINLINE int64_t wake_op(const struct trapframe *frame, enum futex_sharing sharing)
{
    struct aspace *aspace = current_process()->aspace;
    vaddr_t second = ARG4(frame);
    uint32_t code = (uint32_t)ARG5(frame), operation = code >> 28,
             argument = (uint32_t)sign_extend(code >> 12);
    uint32_t word, seen, next;

    if (second % sizeof(uint32_t))
        return -EINVAL;
    if (!user_range_ok(ARG0(frame), sizeof(uint32_t)) || copy_from_user(&word, second, sizeof(word)) != 0)
        return -EFAULT;
    if (operation & FUTEX_OP_OPARG_SHIFT)
        argument = 1U << (argument & 31);
    do {
        next = seen = word;
        int error = operate(operation & ~(uint32_t)FUTEX_OP_OPARG_SHIFT, argument, &next);
        if (error)
            return error;
        if (swap_user(second, &word, next) != 0)
            return -EFAULT;
    } while (word != seen);
    int true_of_it = compare(code >> 24 & 15, (int)word, sign_extend(code));
    if (true_of_it < 0)
        return true_of_it;
    int64_t woken = futex_wake(aspace, ARG0(frame), sharing, (int)ARG2(frame), FUTEX_ANY);
    int64_t more = woken >= 0 && true_of_it ? futex_wake(aspace, second, sharing, (int)ARG3(frame), FUTEX_ANY)
                                            : 0;
    return more < 0 ? more : woken + more;
}

int64_t sys_futex(struct trapframe *frame)
{
    uint32_t operation = (uint32_t)ARG1(frame), command = operation & FUTEX_CMD_MASK;
    bool odd = ARG0(frame) % sizeof(uint32_t);

    if (unlikely(operation & FUTEX_CLOCK_REALTIME && command != FUTEX_WAIT_BITSET))
        return -ENOSYS;
    switch (command) {
    case FUTEX_WAIT:
        return unlikely(odd) ? -EINVAL : wait(frame, operation, FUTEX_ANY);
    case FUTEX_WAIT_BITSET:
        return odd ? -EINVAL : wait(frame, operation, (uint32_t)ARG5(frame));
    case FUTEX_WAKE:
        return unlikely(odd) ? -EINVAL : wake(frame, operation, FUTEX_ANY);
    case FUTEX_WAKE_BITSET:
        return odd || !(uint32_t)ARG5(frame) ? -EINVAL : wake(frame, operation, (uint32_t)ARG5(frame));
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE:
        return odd ? -EINVAL : requeue(frame, sharing_of(operation), command == FUTEX_CMP_REQUEUE);
    case FUTEX_WAKE_OP:
        return odd ? -EINVAL : wake_op(frame, sharing_of(operation));
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
