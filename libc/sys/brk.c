/* SPDX-License-Identifier: MIT */
/* brk.c - the break: the end of the heap.
 *
 * The system call answers with the break after it, and with the unchanged one when it refuses; so an answer
 * that differs from what was asked is the refusal. The kernel keeps the break to the byte, and only whole
 * pages are mapped. known_break saves asking before each sbrk; a break moved behind our back (raw system
 * calls) is not seen, as in glibc. Threads move it one after the other: what sbrk gives one, no other gets. */
#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include "../thread/library.h"
#include "raw.h"

static uintptr_t known_break; /* the library's lock */

static uintptr_t break_set(uintptr_t end)
{
    return (uintptr_t)RAW_SYSCALL(__NR_brk, end);
}

int brk(void *end)
{
    LIBRARY_HOLD();
    known_break = break_set((uintptr_t)end);
    if (known_break != (uintptr_t)end) {
        errno = ENOMEM;
        return -1;
    }
    return 0;
}

/* Returns where the break was: the start of what was added. */
void *sbrk(intptr_t increment)
{
    LIBRARY_HOLD();
    if (known_break == 0)
        known_break = break_set(0);

    uintptr_t old = known_break;
    if (increment == 0)
        return (void *)old;

    uintptr_t wanted = old + (uintptr_t)increment;
    if ((increment > 0) != (wanted > old) || break_set(wanted) != wanted) {
        errno = ENOMEM;
        return (void *)-1;
    }
    known_break = wanted;
    return (void *)old;
}
