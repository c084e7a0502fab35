/* SPDX-License-Identifier: MIT */
/* robust.c - a thread ends while it holds robust mutexes (set_robust_list(2), pthread_mutexattr_setrobust(3)).
 *
 *     task->robust_list --> head: { list ---> entry ---> entry ---> back to list }
 *                                   offset: from an entry to its lock word
 *                                   pending: an entry that was just being taken or released
 *
 * All of it lies in user memory and may be nonsense: each step may fail, which ends the walk, and after so many it ends in any
 * case. A lock word that names the thread as the owner gets FUTEX_OWNER_DIED instead, and one sleeper is woken. */
#include <proc/futex.h>
#include <proc/process.h>

#include <arch/x86/usercopy.h>
#include <linux/futex.h>

#define PRIORITY_INHERITING 1UL /* bit 0 of a pointer to an entry: no sleeper of ours */

/* => false: the word cannot be reached. */
static bool bury(struct task *task, vaddr_t address, bool pending, bool inheriting)
{
    uint32_t word, seen;

    if (address % sizeof(word) || copy_from_user(&word, address, sizeof(word)) != 0)
        return false;
    /* Nobody has it: the wake-up that the task was about to give, or was given in vain, goes to the next one. */
    if (pending && !inheriting && (word & FUTEX_TID_MASK) == 0)
        futex_wake(task->thread.process->aspace, address, FUTEX_SHARED, 1, FUTEX_ANY);
    do {
        if ((word & FUTEX_TID_MASK) != (uint32_t)task->thread.tid)
            return true;
        seen = word;
        if (swap_user(address, &word, (word & FUTEX_WAITERS) | FUTEX_OWNER_DIED) != 0)
            return false;
    } while (word != seen);
    if (!inheriting && (word & FUTEX_WAITERS))
        futex_wake(task->thread.process->aspace, address, FUTEX_SHARED, 1, FUTEX_ANY);
    return true;
}

void task_release_robust(struct task *task)
{
    struct robust_list_head head;
    vaddr_t first = task->robust_list;

    task->robust_list = 0;
    if (!first || copy_from_user(&head, first, sizeof(head)) != 0)
        return;
    vaddr_t pending = (vaddr_t)head.list_op_pending, entry = (vaddr_t)head.list.next;
    for (unsigned steps = 0; (entry & ~PRIORITY_INHERITING) != first && steps < ROBUST_LIST_LIMIT; steps++) {
        vaddr_t at = entry & ~PRIORITY_INHERITING, next;
        bool more = copy_from_user(&next, at, sizeof(next)) == 0; /* whoever is woken may reuse the entry */
        if (at != (pending & ~PRIORITY_INHERITING) &&
            !bury(task, at + (uint64_t)head.futex_offset, false, entry & PRIORITY_INHERITING))
            return;
        if (!more)
            break;
        entry = next;
    }
    if (pending)
        bury(task, (pending & ~PRIORITY_INHERITING) + (uint64_t)head.futex_offset, true,
             pending & PRIORITY_INHERITING);
}
