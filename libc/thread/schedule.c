/* SPDX-License-Identifier: MIT */
/* schedule.c - on which CPUs a thread runs, by which policy and with which priority: the kernel's calls (libc/sys/sched.c), for a pthread_t.
 *
 * A thread that has ended gets ESRCH, never its number's next owner: it is not let go while it is asked about (kill.c).
 * What a thread begins with it has from its maker: attributes ask for nothing else (attributes.c). */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "../sys/raw.h"
#include "lock.h"
#include "thread.h"

/* A call whose first argument is the thread's number. => the kernel's answer */
static long call_for(pthread_t of, long call, long second, long third)
{
    struct thread *thread = (struct thread *)of;
    sigset_t mask = signals_hold();

    lock_take(&thread->signal_lock);

    int tid = thread == thread_self() ? thread_id() : thread->tid;
    long answer = thread->deaf ? -ESRCH : RAW_SYSCALL(call, tid, second, third);

    lock_drop(&thread->signal_lock);
    signals_let(mask);
    return answer;
}

int pthread_setaffinity_np(pthread_t thread, size_t size, const cpu_set_t *set)
{
    return (int)-call_for(thread, __NR_sched_setaffinity, (long)size, (long)set);
}

int pthread_getaffinity_np(pthread_t thread, size_t size, cpu_set_t *set)
{
    long written = call_for(thread, __NR_sched_getaffinity, (long)size, (long)set);

    if (written < 0)
        return (int)-written;
    memset((char *)set + written, 0, size - (size_t)written);
    return 0;
}

int pthread_setschedparam(pthread_t thread, int policy, const struct sched_param *parameters)
{
    return (int)-call_for(thread, __NR_sched_setscheduler, policy, (long)parameters);
}

int pthread_getschedparam(pthread_t thread, int *restrict policy, struct sched_param *restrict parameters)
{
    long now = call_for(thread, __NR_sched_getscheduler, 0, 0);

    if (now < 0)
        return (int)-now;
    *policy = (int)now;
    return (int)-call_for(thread, __NR_sched_getparam, (long)parameters, 0);
}

int pthread_setschedprio(pthread_t thread, int priority)
{
    const struct sched_param parameters = {priority};

    return (int)-call_for(thread, __NR_sched_setparam, (long)&parameters, 0);
}

/* ---- How many of the kernel's threads there should be for ours: a wish for systems that have fewer. Kept, to be told again. ---- */

static int concurrency;

int pthread_setconcurrency(int level)
{
    if (level < 0)
        return EINVAL;
    __atomic_store_n(&concurrency, level, __ATOMIC_RELAXED);
    return 0;
}

int pthread_getconcurrency(void)
{
    return __atomic_load_n(&concurrency, __ATOMIC_RELAXED);
}
