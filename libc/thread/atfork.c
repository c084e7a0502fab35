/* SPDX-License-Identifier: MIT */
/* atfork.c - what a program wants done around fork: before it the newest first, after it the oldest first.
 *
 * The list only grows, and is read without a lock: a row is complete before it is in the list.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "library.h"

struct row {
    void (*acts[3])(void); /* before; then in the parent, in the child */
    struct row *older, *newer;
};

static struct row *newest, *oldest;

int pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
    int saved = errno;
    struct row *row = malloc(sizeof(*row));

    errno = saved;
    if (!row)
        return ENOMEM;

    LIBRARY_HOLD();
    *row = (struct row){{prepare, parent, child}, newest, NULL};
    if (newest)
        __atomic_store_n(&newest->newer, row, __ATOMIC_RELEASE);
    else
        __atomic_store_n(&oldest, row, __ATOMIC_RELEASE);
    __atomic_store_n(&newest, row, __ATOMIC_RELEASE);
    return 0;
}

void __atfork_run(int side);
void __atfork_run(int side)
{
    struct row *row = __atomic_load_n(side == 0 ? &newest : &oldest, __ATOMIC_ACQUIRE);

    for (; row; row = side == 0 ? row->older : __atomic_load_n(&row->newer, __ATOMIC_ACQUIRE))
        if (row->acts[side])
            row->acts[side]();
}
