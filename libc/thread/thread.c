/* SPDX-License-Identifier: MIT */
/* thread.c - making a thread, its end, and waiting for that.
 *
 *     | guard | stack ........ <- | variables, struct thread |       one row of memory, mapped for it
 *     ^ area                      ^ tls_begin                ^ area + area_size
 *
 * Who gives that back decides `state`, in one atomic step: a thread that ends joinable leaves it to pthread_join (or to the
 * pthread_detach that comes too late), a detached one does it as the last thing, in code that needs no stack (leave.asm). That a thread is
 * really gone the kernel says: it clears `tid` and wakes who waits there (CLONE_CHILD_CLEARTID).
 * The first thread may end like any other; the process ends, with 0, when its last thread does.
 *
 * Not there: scheduling of a thread's own (attributes.c), a cache of stacks: each thread costs an mmap, an mprotect and a munmap.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../sys/raw.h"
#include "attributes.h"
#include "leave.h"
#include "tls.h"
#include "wait.h"

#define PAGE ((size_t)4096)
#define FLAGS                                                                                                \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS |       \
     CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

/* What a program does not use is not linked: values of threads (keys.c), malloc. */
void __thread_values_end(void) __attribute__((weak));
void __malloc_thread_ends(void) __attribute__((weak));
void __thread_robust_end(void) __attribute__((weak));

static int alive = 1;

static size_t pages(size_t bytes)
{
    return (bytes + PAGE - 1) & ~(PAGE - 1);
}

void __thread_alone(void)
{
    alive = 1;
    __thread_many = false; /* the kernel does not know where this thread's `tid` is to be cleared */
}

/* The second thread is about to be made: the first one's end may be waited for from now on. */
static void become_many(void)
{
    struct thread *self = thread_self();

    self->tid = (int)RAW_SYSCALL(__NR_set_tid_address, &self->tid);
    __thread_many = true;
}

/* ---- Beginning ---- */

/* => the memory reads zero; NULL: too little */
static struct thread *place_on(char *stack, size_t size)
{
    if (size < tls_size() + PAGE)
        return NULL;

    struct thread *made = tls_place(stack + size);

    made->stack = stack;
    made->stack_size = size;
    return made;
}

/* The guard is taken out of what is accessible: so the kernel looks at one page for it, and not at all of the stack. */
static struct thread *map(const struct thread_attributes *wanted)
{
    size_t guard = pages(wanted->guard_size), size = guard + pages(wanted->stack_size);
    char *area = MAP_FAILED;

    if (size >= guard)
        area = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (area == MAP_FAILED)
        return NULL;

    struct thread *made = NULL;

    if (guard == 0 || mprotect(area, guard, PROT_NONE) == 0)
        made = place_on(area + guard, size - guard);
    if (!made) {
        munmap(area, size);
        return NULL;
    }
    made->area = area;
    made->area_size = size;
    made->guard_size = guard;
    return made;
}

/* Memory of the program's own may have been used before. */
static struct thread *place_on_own(const struct thread_attributes *wanted)
{
    if (wanted->stack_size > tls_size())
        memset((char *)wanted->stack + wanted->stack_size - tls_size(), 0, tls_size());
    return place_on(wanted->stack, wanted->stack_size);
}

static void give_back(struct thread *thread)
{
    if (thread->area)
        munmap(thread->area, thread->area_size);
}

static int begin(void *thread)
{
    struct thread *self = thread;

    pthread_exit(self->body(self->argument));
}

int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attributes,
                   void *(*body)(void *), void *restrict argument)
{
    struct thread_attributes wanted = attributes_read(attributes);
    struct thread *made = wanted.stack ? place_on_own(&wanted) : map(&wanted);
    int saved = errno;

    if (!made)
        return wanted.stack ? EINVAL : EAGAIN;
    made->state = wanted.detached ? THREAD_DETACHED : THREAD_JOINABLE;
    made->body = body;
    made->argument = argument;
    *thread = (pthread_t)made;
    if (!__thread_many)
        become_many();
    __atomic_add_fetch(&alive, 1, __ATOMIC_RELAXED);
    /* From here on it may be gone, and its memory with it. */
    if (clone(begin, tls_begin(made), FLAGS, made, &made->tid, made, &made->tid) < 0) {
        __atomic_sub_fetch(&alive, 1, __ATOMIC_RELAXED);
        give_back(made);
        errno = saved;
        return EAGAIN;
    }
    return 0;
}

/* ---- Ending ---- */

static void leave_joinable(void)
{
    for (;;)
        RAW_SYSCALL(__NR_exit, 0);
}

/* Its memory will belong to others when the kernel would write the end into it, or look for robust mutexes there: those it has are
 * released here. */
static void leave_detached(struct thread *self)
{
    RAW_SYSCALL(__NR_set_tid_address, NULL);
    if (__thread_robust_end)
        __thread_robust_end();
    if (self->robust.list.next)
        RAW_SYSCALL(__NR_set_robust_list, NULL, sizeof(self->robust));
    thread_leave(self->area, self->area_size);
}

void pthread_exit(void *result)
{
    struct thread *self = thread_self();

    self->result = result;
    self->cancel_state = PTHREAD_CANCEL_DISABLE;
    while (self->cleanup) {
        struct __cleanup *last = self->cleanup;

        self->cleanup = last->before;
        last->call(last->argument);
    }
    if (__thread_values_end)
        __thread_values_end();
    if (__atomic_sub_fetch(&alive, 1, __ATOMIC_ACQ_REL) == 0)
        exit(0);
    if (__malloc_thread_ends)
        __malloc_thread_ends();
    signals_hold(); /* no handler from here on: it could ask who it is */
    signals_end();

    int state = THREAD_JOINABLE;

    if (__atomic_compare_exchange_n(&self->state, &state, THREAD_ENDED, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE) ||
        !self->area)
        leave_joinable();
    leave_detached(self);
    __builtin_unreachable();
}

static int join(struct thread *thread, void **result, clockid_t clock, const struct timespec *deadline)
{
    if (thread == thread_self())
        return EDEADLK;
    if (__atomic_load_n(&thread->state, __ATOMIC_ACQUIRE) == THREAD_DETACHED)
        return EINVAL;
    for (int tid; (tid = __atomic_load_n(&thread->tid, __ATOMIC_ACQUIRE)) != 0;) {
        int error = word_wait_point(&thread->tid, tid, clock, deadline,
                                    true); /* (the kernel wakes as for shared memory) */

        if (error == ETIMEDOUT || error == EINVAL)
            return error;
    }
    if (result)
        *result = thread->result;
    give_back(thread);
    return 0;
}

int pthread_join(pthread_t thread, void **result)
{
    return join((struct thread *)thread, result, CLOCK_REALTIME, NULL);
}

int pthread_clockjoin_np(pthread_t thread, void **result, clockid_t clock, const struct timespec *deadline)
{
    return join((struct thread *)thread, result, clock, deadline);
}

int pthread_timedjoin_np(pthread_t thread, void **result, const struct timespec *deadline)
{
    return pthread_clockjoin_np(thread, result, CLOCK_REALTIME, deadline);
}

int pthread_tryjoin_np(pthread_t thread, void **result)
{
    if (__atomic_load_n(&((struct thread *)thread)->tid, __ATOMIC_ACQUIRE) != 0)
        return EBUSY;
    return pthread_join(thread, result);
}

int pthread_detach(pthread_t thread)
{
    struct thread *other = (struct thread *)thread;
    int state = THREAD_JOINABLE;

    if (__atomic_compare_exchange_n(&other->state, &state, THREAD_DETACHED, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
        return 0;
    return state == THREAD_ENDED ? pthread_join(thread, NULL) : EINVAL;
}
