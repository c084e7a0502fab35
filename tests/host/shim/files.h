/* SPDX-License-Identifier: MIT */
/* files.h - for host tests: a root file system in the arena, and what it counts. */
#pragma once

#include <types.h>

/* The kernel has it from our libc; the host's may be too old. This header is given to every file with
 * -include. */
size_t strlcpy(char *restrict to, const char *restrict from, size_t size);

/* An empty ramfs as the root of all paths; removes everything that was in the old one first. */
void files_start(void);
/* Removes everything below the root, and the root. Asserts nothing: see files_objects(). */
void files_stop(void);
/* Kernel objects and file pages in use now: what must be equal before and after. */
uint64_t files_objects(void);
/* => NULL, or the invariant that is broken somewhere in the file system, the slabs or the frames. */
const char *files_check(void);

/* User addresses are the test's own pointers, except those in this range, which fault. 0, 0: none do. */
void files_unmapped(const void *start, size_t size);

/* The last line that went to the kernel log, and how many have (link with -Wl,--wrap=log_line). */
extern char files_log[512];
extern unsigned files_log_lines;
