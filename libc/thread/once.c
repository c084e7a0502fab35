/* SPDX-License-Identifier: MIT */
/* once.c - something that is done once, by the first who comes; the others wait until it is done.
 *
 * NEW -> RUNS (-> WAITED_FOR: somebody sleeps) -> DONE. A thread cancelled in the function puts it back to NEW, and the next one
 * does it. In a child of a fork in the middle of it, nobody does it to the end. */
#include <limits.h>
#include <pthread.h>

#include "lock.h"

enum { NEW = PTHREAD_ONCE_INIT, RUNS, WAITED_FOR, DONE };

static void become(pthread_once_t *once, int state)
{
    if (__atomic_exchange_n(once, state, __ATOMIC_RELEASE) == WAITED_FOR)
        word_wake(once, INT_MAX);
}

static void begin_again(void *once)
{
    become(once, NEW);
}

static void run(pthread_once_t *once, void (*function)(void))
{
    pthread_cleanup_push(begin_again, once);
    function();
    pthread_cleanup_pop(0);
    become(once, DONE);
}

static bool change(pthread_once_t *once, int from, int to)
{
    return __atomic_compare_exchange_n(once, &from, to, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static __attribute__((noinline)) void run_or_wait(pthread_once_t *once, void (*function)(void))
{
    while (__atomic_load_n(once, __ATOMIC_ACQUIRE) != DONE) {
        if (change(once, NEW, RUNS))
            run(once, function);
        else if (change(once, RUNS, WAITED_FOR) || __atomic_load_n(once, __ATOMIC_RELAXED) == WAITED_FOR)
            word_wait(once, WAITED_FOR);
    }
}

int pthread_once(pthread_once_t *once, void (*function)(void))
{
    if (__atomic_load_n(once, __ATOMIC_ACQUIRE) != DONE)
        run_or_wait(once, function);
    return 0;
}
