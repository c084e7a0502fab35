/* SPDX-License-Identifier: MIT */
/* mutex.c - mutual exclusion: one word says who has the mutex.
 *
 *     0                              free
 *     tid [| WAITERS]                held; with the bit, somebody may sleep and who releases it wakes one
 *     OWNER_DIED [| WAITERS]         robust: its owner ended without releasing it (the kernel writes this). Free, with a warning
 *     tid | OWNER_DIED [| WAITERS]   who took it then, and has not said yet that the data are sound again
 *     OWNER_DIED | TID_MASK          and never said it: lost for good, owned by a thread that cannot be
 *
 * Who has slept takes it with the bit, for it does not know whether others sleep still: one superfluous wake-up, but none too few.
 * A thread that comes in between may get it first; there is no queue.
 *
 * All kinds have the same word; kind and robustness only add what must be known before (is it mine already?) and afterwards.
 * __depth is its owner's alone. After the word is 0 the mutex may be destroyed and its memory be anything: only its address is used.
 *
 * A robust mutex is in its owner's list (<linux/futex.h>), which the kernel reads when the thread ends. list_op_pending names the mutex
 * on its way in or out; also who waits has it there, so that a thread killed when it was just woken passes the wake-up on. Robust
 * ones always wait among processes, for the kernel wakes so. If a thread is killed right after it has released one and another thread
 * gives that memory to something else, the kernel may look at a word of the new thing (as everywhere; robust-futexes in its documentation).
 *
 * Not here: priority inheritance and ceilings. */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stddef.h>

#include "../sys/raw.h"
#include "thread.h"
#include "wait.h"

void __thread_robust_end(void);

#define LOST (FUTEX_OWNER_DIED | FUTEX_TID_MASK)

static inline unsigned int look(const pthread_mutex_t *mutex)
{
    return __atomic_load_n(&mutex->__word, __ATOMIC_RELAXED);
}

static inline unsigned int owner_of(unsigned int word)
{
    return word & FUTEX_TID_MASK;
}

/* Neither needs to know who owns it. */
static inline bool plain(const pthread_mutex_t *mutex)
{
    return (mutex->__kind | mutex->__robust) == PTHREAD_MUTEX_NORMAL;
}

/* ---- The list of robust mutexes that this thread has ---- */

/* What the kernel may see at any moment must be written in this order. */
static inline void in_order(void)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* As the kernel calls it: it reads only the first field, the next one. */
static struct robust_list *node_of(struct __held_mutex *held)
{
    return (struct robust_list *)held;
}

static struct robust_list_head *list_open(void)
{
    struct robust_list_head *head = &thread_self()->robust;

    if (!head->list.next) {
        head->list.next = &head->list;
        head->futex_offset = (long)offsetof(pthread_mutex_t, __word) -
                             (long)offsetof(pthread_mutex_t, __held);
        RAW_SYSCALL(__NR_set_robust_list, head, sizeof(*head));
    }
    return head;
}

static struct robust_list_head *pending_begin(pthread_mutex_t *mutex)
{
    struct robust_list_head *head = list_open();

    head->list_op_pending = node_of(&mutex->__held);
    in_order();
    return head;
}

static void pending_end(struct robust_list_head *head)
{
    in_order();
    head->list_op_pending = NULL;
}

static void list_enter(struct robust_list_head *head, struct __held_mutex *held)
{
    struct __held_mutex *first = (struct __held_mutex *)head->list.next;

    held->__next = first;
    held->__before = NULL;
    if (node_of(first) != &head->list)
        first->__before = held;
    in_order();
    head->list.next = node_of(held);
}

static void list_remove(struct robust_list_head *head, struct __held_mutex *held)
{
    struct __held_mutex *next = held->__next, *before = held->__before;

    if (before)
        before->__next = next;
    else
        head->list.next = node_of(next);
    if (node_of(next) != &head->list)
        next->__before = before;
    in_order();
}

/* ---- The word ---- */

/* `mine`: the taker's tid, with WAITERS if others may sleep. => 0, EBUSY; EOWNERDEAD: taken; ENOTRECOVERABLE. */
static inline int take(pthread_mutex_t *mutex, unsigned int mine)
{
    unsigned int seen = look(mutex);

    do {
        if (seen == LOST)
            return ENOTRECOVERABLE;
        if (owner_of(seen))
            return EBUSY;
    } while (!__atomic_compare_exchange_n(&mutex->__word, &seen, seen | mine, false, __ATOMIC_ACQUIRE,
                                          __ATOMIC_RELAXED));
    return seen & FUTEX_OWNER_DIED ? EOWNERDEAD : 0;
}

/* Sleeps while somebody has it. => 0: to be looked at again */
static int wait_for_owner(pthread_mutex_t *mutex, clockid_t clock, const struct timespec *deadline)
{
    unsigned int seen = look(mutex);

    if (!owner_of(seen) || seen == LOST)
        return 0;
    if (!(seen & FUTEX_WAITERS) && !__atomic_compare_exchange_n(&mutex->__word, &seen, seen | FUTEX_WAITERS,
                                                                false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        return 0;
    int error =
        word_wait_until((int *)&mutex->__word, (int)(seen | FUTEX_WAITERS), clock, deadline, mutex->__shared);
    return wait_failed(error) ? error : 0;
}

static inline int take_or_wait(pthread_mutex_t *mutex, unsigned int me, clockid_t clock,
                               const struct timespec *deadline)
{
    int error = take(mutex, me);

    while (error == EBUSY) {
        error = wait_for_owner(mutex, clock, deadline);
        if (error)
            return error;
        error = take(mutex, me | FUTEX_WAITERS);
    }
    return error;
}

static inline void release(pthread_mutex_t *mutex, unsigned int next)
{
    bool shared = mutex->__shared;
    unsigned int word = __atomic_exchange_n(&mutex->__word, next, __ATOMIC_RELEASE);

    if (word & FUTEX_WAITERS)
        word_wake_sleepers((int *)&mutex->__word, next == LOST ? INT_MAX : 1, shared);
}

/* ---- Robust ones ---- */

static int taken_robustly(struct robust_list_head *head, pthread_mutex_t *mutex, int error)
{
    if (error == EOWNERDEAD)
        mutex->__depth = 0; /* the dead owner's */
    if (error == 0 || error == EOWNERDEAD)
        list_enter(head, &mutex->__held);
    pending_end(head);
    return error;
}

static void release_robustly(pthread_mutex_t *mutex, unsigned int next)
{
    struct robust_list_head *head = pending_begin(mutex);

    list_remove(head, &mutex->__held);
    release(mutex, next);
    pending_end(head);
}

static pthread_mutex_t *mutex_of(struct robust_list *node)
{
    return (pthread_mutex_t *)((char *)node - offsetof(pthread_mutex_t, __held));
}

/* For a thread that gives its own memory back, and the list with it, before the kernel could read it. */
void __thread_robust_end(void)
{
    const struct robust_list_head *head = &thread_self()->robust;

    while (head->list.next && head->list.next != &head->list)
        release_robustly(mutex_of(head->list.next), FUTEX_OWNER_DIED);
}

/* ---- POSIX's calls ---- */

/* Its owner wants it once more. */
static int take_again(pthread_mutex_t *mutex, int refusal)
{
    if (mutex->__kind != PTHREAD_MUTEX_RECURSIVE)
        return refusal;
    if (mutex->__depth == UINT_MAX)
        return EAGAIN;
    mutex->__depth++;
    return 0;
}

/* By a path of its own, so that the usual case keeps no registers. */
static __attribute__((noinline)) int lock_until(pthread_mutex_t *mutex, clockid_t clock,
                                                const struct timespec *deadline)
{
    unsigned int me = (unsigned int)thread_id();

    if (plain(mutex))
        return take_or_wait(mutex, me, clock, deadline);
    if (mutex->__kind != PTHREAD_MUTEX_NORMAL && owner_of(look(mutex)) == me)
        return take_again(mutex, EDEADLK);
    if (!mutex->__robust)
        return take_or_wait(mutex, me, clock, deadline);

    struct robust_list_head *head = pending_begin(mutex);

    return taken_robustly(head, mutex, take_or_wait(mutex, me, clock, deadline));
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    unsigned int free = 0;

    if (!mutex->__robust && __atomic_compare_exchange_n(&mutex->__word, &free, (unsigned int)thread_id(),
                                                        false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return 0;
    return lock_until(mutex, CLOCK_REALTIME, NULL);
}

int pthread_mutex_clocklock(pthread_mutex_t *restrict mutex, clockid_t clock,
                            const struct timespec *restrict deadline)
{
    if (!clock_waits(clock))
        return EINVAL;
    return lock_until(mutex, clock, deadline);
}

int pthread_mutex_timedlock(pthread_mutex_t *restrict mutex, const struct timespec *restrict deadline)
{
    return lock_until(mutex, CLOCK_REALTIME, deadline);
}

int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    unsigned int me = (unsigned int)thread_id();

    if (!mutex->__robust) {
        int error = take(mutex, me);

        return error == EBUSY && owner_of(look(mutex)) == me ? take_again(mutex, EBUSY) : error;
    }
    if (owner_of(look(mutex)) == me)
        return take_again(mutex, EBUSY);

    struct robust_list_head *head = pending_begin(mutex);

    return taken_robustly(head, mutex, take(mutex, me));
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    if (plain(mutex)) {
        release(mutex, 0);
        return 0;
    }
    unsigned int word = look(mutex);

    if (owner_of(word) != (unsigned int)thread_id())
        return EPERM;
    if (mutex->__depth > 0) {
        mutex->__depth--;
        return 0;
    }
    if (mutex->__robust)
        release_robustly(mutex, word & FUTEX_OWNER_DIED ? LOST : 0);
    else
        release(mutex, 0);
    return 0;
}

int pthread_mutex_consistent(pthread_mutex_t *mutex)
{
    unsigned int word = look(mutex);

    if (!mutex->__robust || !(word & FUTEX_OWNER_DIED) || owner_of(word) != (unsigned int)thread_id())
        return EINVAL;
    __atomic_fetch_and(&mutex->__word, ~FUTEX_OWNER_DIED, __ATOMIC_RELAXED);
    return 0;
}

int pthread_mutex_init(pthread_mutex_t *restrict mutex, const pthread_mutexattr_t *restrict attributes)
{
    *mutex = (pthread_mutex_t){0};
    if (attributes) {
        mutex->__kind = attributes->__kind;
        mutex->__robust = attributes->__robust;
        mutex->__shared = attributes->__shared || attributes->__robust;
    }
    return 0;
}

int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    unsigned int word = look(mutex);

    return owner_of(word) && word != LOST ? EBUSY : 0;
}
