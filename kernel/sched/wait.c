/* SPDX-License-Identifier: MIT */
/* wait.c - wait queues, and the mutex that is made of one.
 *
 * The waker takes a thread off the queue; a thread that wakes for another reason (time, signal) takes itself
 * off. Such a thread may for a moment still stand on the queue although it is awake: the waker then goes on
 * to the next one, so a wake-up is never spent on somebody who did not need it.
 *
 * Locks: the condition's lock (the caller's), then the queue's, then a run queue's. */
#include <arch/x86/percpu.h>
#include <sched/wait.h>

void waitq_init(struct waitq *queue)
{
    queue->lock = (struct spinlock){0};
    TAILQ_INIT(&queue->threads);
}

static void enter_queue(struct waitq *queue, struct thread *thread)
{
    spin_lock(&queue->lock);
    TAILQ_INSERT_TAIL(&queue->threads, thread, wait_link);
    thread->waiting_on = queue;
    spin_unlock(&queue->lock);
}

static void leave_queue(struct waitq *queue, struct thread *thread)
{
    TAILQ_REMOVE(&queue->threads, thread, wait_link);
    thread->waiting_on = NULL;
}

int waitq_sleep(struct waitq *queue, struct spinlock *condition_lock, uint64_t deadline, bool interruptible)
{
    struct thread *thread = current_thread();
    thread_sleep_begin(thread, interruptible);
    enter_queue(queue, thread);
    spin_unlock(condition_lock);

    int result = thread_sleep(deadline);

    if (unlikely(result != 0)) { /* nobody has taken it off, or somebody is about to */
        spin_lock(&queue->lock);
        if (thread->waiting_on)
            leave_queue(queue, thread);
        spin_unlock(&queue->lock);
    }
    spin_lock(condition_lock);
    return result;
}

int sleep_alone(uint64_t deadline)
{
    thread_sleep_begin(current_thread(), true);
    return thread_sleep(deadline);
}

void waitq_wake_first(struct waitq *queue)
{
    struct thread *thread;

    spin_lock(&queue->lock);
    do {
        thread = TAILQ_FIRST(&queue->threads);
        if (unlikely(!thread))
            break;
        leave_queue(queue, thread);
    } while (unlikely(!thread_wake(thread, 0)));
    spin_unlock(&queue->lock);
}

unsigned waitq_wake(struct waitq *queue, unsigned count)
{
    unsigned woken = 0;
    struct thread *thread;
    spin_lock(&queue->lock);
    while (woken < count && (thread = TAILQ_FIRST(&queue->threads))) {
        leave_queue(queue, thread);
        if (thread_wake(thread, 0))
            woken++;
    }
    spin_unlock(&queue->lock);
    return woken;
}

/* ---- Mutex ---- */

void mutex_init(struct mutex *mutex)
{
    mutex->word = 0;
    mutex->lock = (struct spinlock){0};
    waitq_init(&mutex->waiters);
}

/* Free, or marked as contended so that the owner's unlock comes to mutex_unlock_slow(). => true: it is ours
 * now. */
static bool take_or_mark(struct mutex *mutex, uintptr_t self)
{
    uintptr_t word = __atomic_load_n(&mutex->word, __ATOMIC_RELAXED);
    for (;;) {
        uintptr_t wanted = word ? word | MUTEX_CONTENDED : self;
        if (__atomic_compare_exchange_n(&mutex->word, &word, wanted, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return word == 0;
    }
}

void mutex_lock_slow(struct mutex *mutex)
{
    uintptr_t self = (uintptr_t)current_thread();
    assert(!mutex_held(mutex));
    spin_lock(&mutex->lock);
    while (!take_or_mark(mutex, self))
        waitq_sleep(&mutex->waiters, &mutex->lock, WAIT_FOREVER, false);
    /* Others still sleep: let our unlock look at them. */
    if (!TAILQ_EMPTY(&mutex->waiters.threads))
        __atomic_or_fetch(&mutex->word, MUTEX_CONTENDED, __ATOMIC_RELAXED);
    spin_unlock(&mutex->lock);
}

void mutex_unlock_slow(struct mutex *mutex)
{
    assert(mutex_held(mutex));
    spin_lock(&mutex->lock);
    __atomic_store_n(&mutex->word, 0, __ATOMIC_RELEASE);
    waitq_wake(&mutex->waiters, 1);
    spin_unlock(&mutex->lock);
}
