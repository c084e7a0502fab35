/* SPDX-License-Identifier: MIT */
/* cancel.c - one thread wants another to end.
 *
 * pthread_cancel writes that down in the thread and sends it SIGCANCEL. It ends as if it had called pthread_exit:
 *   - at its next point, a call that may wait: WAITING_SYSCALL of libc/sys/raw.h, and waiting on conditions, semaphores, threads;
 *   - in the middle of such a call, which the signal interrupts (libc/sys/point.asm says how nothing is lost);
 *   - with PTHREAD_CANCEL_ASYNCHRONOUS anywhere.
 * Not while it has cancelling disabled, nor with a stream locked: no half-written line, no lock without an owner. The functions of streams are
 * therefore no points.
 */
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "../sys/raw.h"
#include "library.h"
#include "thread.h"

extern const char __point_begin[], __point_end[];
void cancel_here(void);
void __cancel_asked(void);

static bool wanted(const struct thread *self)
{
    return self->cancel && self->cancel_state == PTHREAD_CANCEL_ENABLE && self->uncancellable == 0;
}

void __cancel_asked(void)
{
    if (wanted(thread_self()))
        pthread_exit(PTHREAD_CANCELED);
}

/* What was interrupted may be a handler of the program's that has itself interrupted a wait: until it is done the signal is held back, and
 * then comes again. */
static void come_later(ucontext_t *interrupted)
{
    interrupted->uc_sigmask |= (sigset_t)1 << (SIGCANCEL - 1);
    tgkill(getpid(), gettid(), SIGCANCEL);
}

static void handle(int number, siginfo_t *info, void *context)
{
    const struct thread *self = thread_self();
    ucontext_t *interrupted = context;
    greg_t *at = &interrupted->uc_mcontext.gregs[REG_RIP];
    bool at_point = *at >= (greg_t)__point_begin && *at < (greg_t)__point_end;
    int saved = errno;

    (void)number, (void)info;
    if (!wanted(self))
        return;
    if (at_point || self->cancel_type == PTHREAD_CANCEL_ASYNCHRONOUS)
        *at = (greg_t)cancel_here;
    else
        come_later(interrupted);
    errno = saved;
}

static void install(void)
{
    static bool installed;

    LIBRARY_HOLD();
    if (!installed)
        __sigaction(SIGCANCEL,
                    &(struct sigaction){.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_RESTART}, NULL);
    installed = true;
}

int pthread_cancel(pthread_t thread)
{
    struct thread *other = (struct thread *)thread;

    install();
    __atomic_store_n(&other->cancel, 1, __ATOMIC_RELEASE);
    return pthread_kill(thread, SIGCANCEL);
}

void pthread_testcancel(void)
{
    __cancel_asked();
}

/* ---- What the thread says to that ---- */

int pthread_setcancelstate(int state, int *old)
{
    struct thread *self = thread_self();

    if (state != PTHREAD_CANCEL_ENABLE && state != PTHREAD_CANCEL_DISABLE)
        return EINVAL;
    if (old)
        *old = self->cancel_state;
    self->cancel_state = state;
    if (self->cancel_type == PTHREAD_CANCEL_ASYNCHRONOUS)
        __cancel_asked();
    return 0;
}

int pthread_setcanceltype(int type, int *old)
{
    struct thread *self = thread_self();

    if (type != PTHREAD_CANCEL_DEFERRED && type != PTHREAD_CANCEL_ASYNCHRONOUS)
        return EINVAL;
    if (old)
        *old = self->cancel_type;
    self->cancel_type = type;
    if (type == PTHREAD_CANCEL_ASYNCHRONOUS)
        __cancel_asked();
    return 0;
}

void __pthread_cleanup_push(struct __cleanup *cleanup, void (*call)(void *), void *argument)
{
    struct thread *self = thread_self();

    *cleanup = (struct __cleanup){call, argument, self->cleanup};
    self->cleanup = cleanup;
}

void __pthread_cleanup_pop(struct __cleanup *cleanup, int execute)
{
    thread_self()->cleanup = cleanup->before;
    if (execute)
        cleanup->call(cleanup->argument);
}
