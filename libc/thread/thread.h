/* SPDX-License-Identifier: MIT */
/* thread.h - what the library knows of a thread, for the files of libc only.
 *
 * It lies at the FS base, behind the thread's `_Thread_local` variables (tls.c); a pthread_t is its address. All of it belongs to the
 * thread itself but `state`, `tid` and `result`, by which others wait for its end (thread.c), `cancel`, `signal_lock` and `deaf`.
 */
#pragma once

#include <linux/futex.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct __cleanup;

enum thread_state {
    THREAD_JOINABLE,
    THREAD_DETACHED, /* nobody waits for it: it gives its memory back itself */
    THREAD_ENDED,    /* was joinable, and goes or is gone; `result` is there */
};

struct thread {
    struct thread *self; /* the ABI: code takes the address of a variable from here */
    void *of_the_abi[4];
    uintptr_t canary; /* at 0x28, where compilers look for it */
    int cancel; /* somebody wants it to end (cancel.c); at 0x30, where libc/sys/point.asm looks for it */
    int tid; /* 0: the first thread, which has not asked yet (self.c); cleared, with a wake-up, by the kernel at the end */
    int state;  /* enum thread_state */
    void *area; /* what was mapped for it: guard, stack, variables; NULL: not ours (the first thread) */
    size_t area_size;
    void *stack; /* its lowest byte that may be used; NULL in the first thread, the kernel's */
    size_t stack_size;
    size_t guard_size;
    void *(*body)(void *);
    void *argument; /* of body */
    void *result;
    struct __cleanup *cleanup;      /* pushed last */
    int cancel_state;               /* PTHREAD_CANCEL_ENABLE, ... */
    int cancel_type;                /* PTHREAD_CANCEL_DEFERRED, ... */
    int uncancellable;              /* locks held with which it must not end */
    int signal_lock;                /* who sends it a signal, or */
    bool deaf;                      /* is about to end: none comes any more (kill.c) */
    struct robust_list_head robust; /* list.next is NULL until the kernel knows of it (get_robust_list(2)) */
};

static inline struct thread *thread_self(void)
{
    struct thread *self;

    __asm__("mov %%fs:0, %0" : "=r"(self));
    return self;
}

/* The kernel's number of this thread. */
int thread_ask_id(void);
static inline int thread_id(void)
{
    int tid = thread_self()->tid;

    return __builtin_expect(tid != 0, true) ? tid : thread_ask_id();
}

/* After fork, in the child: this is its only thread, the others stayed with the parent (fork.c). */
void __thread_alone(void) __attribute__((weak));

/* A second thread has been made: before, nobody else can be in the library. */
extern bool __thread_many;

/* The two real-time signals that glibc keeps for itself too: no handler of a program is theirs, and no mask holds the first one back. */
#define SIGCANCEL 32
#define SIGTIMER 33

static inline sigset_t mask_of_program(sigset_t wanted)
{
    return wanted & ~((sigset_t)1 << (SIGCANCEL - 1));
}

/* sigaction without a look at which signal it is. */
int __sigaction(int number, const struct sigaction *restrict action, struct sigaction *restrict old);

/* All signals, the library's own too. => the mask before */
sigset_t signals_hold(void);
void signals_let(sigset_t mask);

/* Nobody sends this thread a signal any more: its number may soon be another's. => all signals are held back */
void signals_end(void);
