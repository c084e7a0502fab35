/* SPDX-License-Identifier: MIT */
/* library.c - the library's two locks that belong to no room, and what fork does about locks.
 *
 * A child has one thread, the copy of the one that forked. What other threads held is held for ever there, unless it is freed. Streams
 * cannot be waited for before the fork, as malloc's locks and this one are: one thread may sit in getchar() for hours. */
#include "library.h"

struct owned_lock __library_lock;
struct owned_lock __exit_lock;

/* stdio's part is weak: a program without streams does not link it. */
void stream_fork_child(void) __attribute__((weak));

void library_fork_prepare(void)
{
    owned_take(&__library_lock);
}

void library_fork_parent(void)
{
    owned_drop(&__library_lock);
}

/* Another thread may have been in exit: its end is the parent's. */
void library_fork_child(void)
{
    owned_free_orphan(&__exit_lock);
    if (stream_fork_child != NULL)
        stream_fork_child();
    owned_drop(&__library_lock);
}
