/* SPDX-License-Identifier: MIT */
/* lock.h - the library's own lock: a word in the program's memory, and the kernel asked only when somebody has to wait.
 *
 * 0: free, 1: held, 2: held, and somebody may sleep until it is free. Not recursive, and who holds it is not written down.
 * For locks that live as long as the program: the word is still looked at after another thread could take it.
 */
#pragma once

#include <linux/futex.h>
#include <stdbool.h>

#include "../sys/raw.h"

/* Sleeps while *word is `value`, at most until it is woken; spurious returns are for the caller to bear. */
static inline void word_wait(int *word, int value)
{
    RAW_SYSCALL(__NR_futex, word, FUTEX_WAIT_PRIVATE, value, 0);
}

static inline void word_wake(int *word, int sleepers)
{
    RAW_SYSCALL(__NR_futex, word, FUTEX_WAKE_PRIVATE, sleepers);
}

static inline bool lock_try(int *word)
{
    int expected = 0;

    return __atomic_compare_exchange_n(word, &expected, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void lock_take(int *word)
{
    if (lock_try(word))
        return;
    while (__atomic_exchange_n(word, 2, __ATOMIC_ACQUIRE) != 0)
        word_wait(word, 2);
}

static inline void lock_drop(int *word)
{
    if (__atomic_exchange_n(word, 0, __ATOMIC_RELEASE) == 2)
        word_wake(word, 1);
}
