/* SPDX-License-Identifier: MIT */
/* heap.h - moving the break by hand, and a tiny workload to compare brk with mmap.
 *
 * musl's sbrk refuses to move the break, because its malloc uses brk itself; then the system call is made
 * directly. A program that does that must not call malloc. */
#pragma once

#include <stddef.h>

/* Moves the break. => where it was before, NULL when the kernel refuses */
void *heap_move(long bytes);

/* One way to get memory from the kernel. `calls` counts the system calls that this took. */
struct source {
    void *(*take)(size_t bytes);
    void (*give)(void *block, size_t bytes);
    unsigned long calls;
};

struct cost {
    unsigned long calls;
    long faults;
};

/* Takes a block, writes to each of its pages, gives it back; many times. Prints and returns what that cost.
 */
struct cost heap_cost(struct source *source, unsigned rounds, size_t bytes);
