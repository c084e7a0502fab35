/* SPDX-License-Identifier: MIT */
/* heap.c - what our C library tells its malloc of threads: that one ends, that the process is about to fork.
 *
 * Linked into the object of the allocator that a program gets, whose inner names it knows. (tests/malloc/preload_malloc.c does the same for
 * other C libraries.)
 */
#include "../malloc/glue.h"
#include "../malloc/product/product.h"

/* side: 0 before fork; then 1 in the parent, 2 in the child, which has one thread: what was locked before is unlocked there too. */
void __malloc_fork(int side) __attribute__((visibility("default")));
void __malloc_thread_ends(void) __attribute__((visibility("default")));

#ifdef MALLOC_GENERIC

void __malloc_fork(int side)
{
    (side ? glue_unlock : glue_lock)();
}

#else

void __malloc_fork(int side)
{
    (side ? malloc_unlock_all : malloc_lock_all)();
}

/* Its cache goes home. */
void __malloc_thread_ends(void)
{
    cache_leave();
}

#endif
