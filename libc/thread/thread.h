/* SPDX-License-Identifier: MIT */
/* thread.h - what the library knows of a thread, for the files of libc only.
 *
 * It lies at the FS base, behind the thread's `_Thread_local` variables (tls.c); a pthread_t is its address. All of it belongs to the
 * thread itself but `state`, `tid` and `result`, by which others wait for its end (thread.c).
 */
#pragma once

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

/* What the kernel looks at when a thread dies with robust mutexes held (get_robust_list(2), <linux/futex.h>). */
struct robust_node {
    struct robust_node *next;
};
struct robust_list {
    struct robust_node head; /* of a ring that ends here */
    long futex_offset;       /* from a node to its mutex's word */
    struct robust_node *pending;
};

struct thread {
    struct thread *self; /* the ABI: code takes the address of a variable from here */
    void *of_the_abi[4];
    uintptr_t canary; /* at 0x28, where compilers look for it */
    int tid;          /* 0: the first thread, which has not asked yet (thread_id); cleared, with a wake-up, by the kernel at the end */
    int state;        /* enum thread_state */
    void *area;       /* what was mapped for it: guard, stack, variables; NULL: not ours (the first thread) */
    size_t area_size;
    void *stack; /* its lowest byte that may be used; NULL in the first thread, the kernel's */
    size_t stack_size;
    size_t guard_size;
    void *(*body)(void *);
    void *argument; /* of body */
    void *result;
    sigset_t mask; /* to begin with */
    struct __cleanup *cleanup;
    struct robust_list robust; /* head.next is NULL until the kernel knows of it */
};

static inline struct thread *thread_self(void)
{
    struct thread *self;

    __asm__("mov %%fs:0, %0" : "=r"(self));
    return self;
}

/* The kernel's number of this thread. */
int thread_id(void);

/* More than one thread has been made: before, nobody else can be in the library. */
extern bool __thread_many;
