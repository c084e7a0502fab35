/* SPDX-License-Identifier: MIT */
/* spawn_attributes.c - what else posix_spawn's child is to be: signals, scheduling, session, group, user.
 *
 * Values are only kept; which of them count is in the flags, and whether they are possible the kernel says in the child. */
#include <errno.h>

#include "../thread/thread.h"
#include "raw.h"
#include "spawn_child.h"

#define ALL_FLAGS                                                                                            \
    (POSIX_SPAWN_RESETIDS | POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |         \
     POSIX_SPAWN_SETSCHEDPARAM | POSIX_SPAWN_SETSCHEDULER | POSIX_SPAWN_USEVFORK | POSIX_SPAWN_SETSID)

int posix_spawnattr_init(posix_spawnattr_t *attributes)
{
    *attributes = (posix_spawnattr_t){0};
    return 0;
}

int posix_spawnattr_destroy(posix_spawnattr_t *attributes)
{
    (void)attributes;
    return 0;
}

int posix_spawnattr_getflags(const posix_spawnattr_t *restrict attributes, short *restrict flags)
{
    *flags = attributes->__flags;
    return 0;
}

int posix_spawnattr_setflags(posix_spawnattr_t *attributes, short flags)
{
    if (flags & ~ALL_FLAGS)
        return EINVAL;
    attributes->__flags = flags;
    return 0;
}

int posix_spawnattr_getpgroup(const posix_spawnattr_t *restrict attributes, pid_t *restrict group)
{
    *group = attributes->__group;
    return 0;
}

int posix_spawnattr_setpgroup(posix_spawnattr_t *attributes, pid_t group)
{
    attributes->__group = group;
    return 0;
}

int posix_spawnattr_getsigdefault(const posix_spawnattr_t *restrict attributes, sigset_t *restrict signals)
{
    *signals = attributes->__default;
    return 0;
}

int posix_spawnattr_setsigdefault(posix_spawnattr_t *restrict attributes, const sigset_t *restrict signals)
{
    attributes->__default = *signals;
    return 0;
}

int posix_spawnattr_getsigmask(const posix_spawnattr_t *restrict attributes, sigset_t *restrict mask)
{
    *mask = attributes->__mask;
    return 0;
}

int posix_spawnattr_setsigmask(posix_spawnattr_t *restrict attributes, const sigset_t *restrict mask)
{
    attributes->__mask = *mask;
    return 0;
}

int posix_spawnattr_getschedpolicy(const posix_spawnattr_t *restrict attributes, int *restrict policy)
{
    *policy = attributes->__policy;
    return 0;
}

int posix_spawnattr_setschedpolicy(posix_spawnattr_t *attributes, int policy)
{
    attributes->__policy = policy;
    return 0;
}

int posix_spawnattr_getschedparam(const posix_spawnattr_t *restrict attributes,
                                  struct sched_param *restrict parameters)
{
    *parameters = attributes->__parameters;
    return 0;
}

int posix_spawnattr_setschedparam(posix_spawnattr_t *restrict attributes,
                                  const struct sched_param *restrict parameters)
{
    attributes->__parameters = *parameters;
    return 0;
}

/* ---- In the child */

/* No handler is left, the library's own neither: exec would take them away, but one that ran before would run in the parent's memory. */
static void reset_signals(sigset_t wanted)
{
    static const struct sigaction as_at_first = {.sa_handler = SIG_DFL};

    for (int number = 1; number <= _NSIG; number++) {
        struct sigaction now = {.sa_handler = SIG_DFL};

        __sigaction(number, NULL, &now);
        if (now.sa_handler != SIG_DFL && (now.sa_handler != SIG_IGN || wanted >> (number - 1) & 1))
            __sigaction(number, &as_at_first, NULL);
    }
}

static long set_scheduling(const posix_spawnattr_t *attributes)
{
    if (attributes->__flags & POSIX_SPAWN_SETSCHEDULER)
        return RAW_SYSCALL(__NR_sched_setscheduler, 0, attributes->__policy, &attributes->__parameters);
    if (attributes->__flags & POSIX_SPAWN_SETSCHEDPARAM)
        return RAW_SYSCALL(__NR_sched_setparam, 0, &attributes->__parameters);
    return 0;
}

/* The group first: who is no longer root could not change it. */
static long reset_ids(void)
{
    long error = RAW_SYSCALL(__NR_setgid, RAW_SYSCALL(__NR_getgid));

    return error < 0 ? error : RAW_SYSCALL(__NR_setuid, RAW_SYSCALL(__NR_getuid));
}

long spawn_attributes_apply(const posix_spawnattr_t *attributes)
{
    short flags = attributes->__flags;

    reset_signals(flags & POSIX_SPAWN_SETSIGDEF ? attributes->__default : 0);

    long answer = set_scheduling(attributes);

    if (answer >= 0 && flags & POSIX_SPAWN_SETSID)
        answer = RAW_SYSCALL(__NR_setsid);
    if (answer >= 0 && flags & POSIX_SPAWN_SETPGROUP)
        answer = RAW_SYSCALL(__NR_setpgid, 0, attributes->__group);
    if (answer >= 0 && flags & POSIX_SPAWN_RESETIDS)
        answer = reset_ids();
    return answer < 0 ? answer : 0;
}
