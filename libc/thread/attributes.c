/* SPDX-License-Identifier: MIT */
/* attributes.c - what pthread_create is asked for, and what a thread has.
 *
 * Threads run by the one policy that there is: another one, or a priority, is refused with ENOTSUP.
 */
#include "attributes.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>

#include "thread.h"

#define GUARD_DEFAULT ((size_t)4096)
#define STACK_UNLIMITED                                                                                      \
    ((size_t)2                                                                                               \
     << 20) /* glibc's for x86-64 (ARCH_STACK_DEFAULT_SIZE), where the first thread's stack has no limit */
#define PAGE ((size_t)4096)

/* As large as the first thread's may grow: 8 MiB, mostly. */
static size_t stack_default(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return STACK_UNLIMITED;
    return limit.rlim_cur < PTHREAD_STACK_MIN ? PTHREAD_STACK_MIN : limit.rlim_cur;
}

struct thread_attributes attributes_read(const pthread_attr_t *attributes)
{
    struct thread_attributes wanted = {.guard_size = GUARD_DEFAULT};

    if (attributes) {
        wanted.detached = attributes->__detached;
        wanted.stack = attributes->__stack;
        wanted.stack_size = attributes->__stack_size;
        wanted.guard_size = attributes->__guard_size;
    }
    if (!wanted.stack_size)
        wanted.stack_size = stack_default();
    return wanted;
}

int pthread_attr_init(pthread_attr_t *attributes)
{
    *attributes = (pthread_attr_t){.__guard_size = GUARD_DEFAULT};
    return 0;
}

int pthread_attr_destroy(pthread_attr_t *attributes)
{
    (void)attributes;
    return 0;
}

int pthread_attr_getdetachstate(const pthread_attr_t *attributes, int *state)
{
    *state = attributes->__detached;
    return 0;
}

int pthread_attr_setdetachstate(pthread_attr_t *attributes, int state)
{
    if (state != PTHREAD_CREATE_JOINABLE && state != PTHREAD_CREATE_DETACHED)
        return EINVAL;
    attributes->__detached = state;
    return 0;
}

int pthread_attr_getguardsize(const pthread_attr_t *restrict attributes, size_t *restrict size)
{
    *size = attributes->__guard_size;
    return 0;
}

/* Rounded up to pages when the thread is made. */
int pthread_attr_setguardsize(pthread_attr_t *attributes, size_t size)
{
    attributes->__guard_size = size;
    return 0;
}

int pthread_attr_getstacksize(const pthread_attr_t *restrict attributes, size_t *restrict size)
{
    *size = attributes_read(attributes).stack_size;
    return 0;
}

int pthread_attr_setstacksize(pthread_attr_t *attributes, size_t size)
{
    if (size < PTHREAD_STACK_MIN)
        return EINVAL;
    attributes->__stack_size = size;
    return 0;
}

int pthread_attr_getstack(const pthread_attr_t *restrict attributes, void **restrict stack,
                          size_t *restrict size)
{
    *stack = attributes->__stack;
    return pthread_attr_getstacksize(attributes, size);
}

/* The thread's variables lie there too. No guard is made. */
int pthread_attr_setstack(pthread_attr_t *attributes, void *stack, size_t size)
{
    if (size < PTHREAD_STACK_MIN)
        return EINVAL;
    attributes->__stack = stack;
    attributes->__stack_size = size;
    return 0;
}

int pthread_attr_getscope(const pthread_attr_t *restrict attributes, int *restrict scope)
{
    (void)attributes;
    *scope = PTHREAD_SCOPE_SYSTEM;
    return 0;
}

int pthread_attr_setscope(pthread_attr_t *attributes, int scope)
{
    (void)attributes;
    if (scope == PTHREAD_SCOPE_PROCESS)
        return ENOTSUP;
    return scope == PTHREAD_SCOPE_SYSTEM ? 0 : EINVAL;
}

int pthread_attr_getinheritsched(const pthread_attr_t *restrict attributes, int *restrict inherit)
{
    *inherit = attributes->__explicit;
    return 0;
}

int pthread_attr_setinheritsched(pthread_attr_t *attributes, int inherit)
{
    if (inherit != PTHREAD_INHERIT_SCHED && inherit != PTHREAD_EXPLICIT_SCHED)
        return EINVAL;
    attributes->__explicit = inherit;
    return 0;
}

int pthread_attr_getschedpolicy(const pthread_attr_t *restrict attributes, int *restrict policy)
{
    (void)attributes;
    *policy = SCHED_NORMAL;
    return 0;
}

int pthread_attr_setschedpolicy(pthread_attr_t *attributes, int policy)
{
    (void)attributes;
    return policy == SCHED_NORMAL ? 0 : ENOTSUP;
}

int pthread_attr_getschedparam(const pthread_attr_t *restrict attributes,
                               struct sched_param *restrict parameters)
{
    (void)attributes;
    parameters->sched_priority = 0;
    return 0;
}

int pthread_attr_setschedparam(pthread_attr_t *restrict attributes,
                               const struct sched_param *restrict parameters)
{
    (void)attributes;
    return parameters->sched_priority == 0 ? 0 : ENOTSUP;
}

/* The kernel's stack of the first thread ends behind the name by which the program was started; what that one lies in is full pages. */
static void first_stack(pthread_attr_t *attributes)
{
    const char *name = (const char *)getauxval(AT_EXECFN);
    size_t end = ((size_t)name + strlen(name) + 1 + sizeof(void *) + PAGE - 1) & ~(PAGE - 1);

    attributes->__stack_size = stack_default();
    attributes->__stack = (void *)(end - attributes->__stack_size);
}

int pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes)
{
    const struct thread *of = (const struct thread *)thread;

    *attributes = (pthread_attr_t){
        .__detached = of->state == THREAD_DETACHED,
        .__stack = of->stack,
        .__stack_size = of->stack_size,
        .__guard_size = of->guard_size,
    };
    if (!of->stack)
        first_stack(attributes);
    return 0;
}
