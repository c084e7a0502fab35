/* SPDX-License-Identifier: MIT */
/* access.h - the kernel reads and writes the memory of an address space that need not be the current one (/proc/<pid>/mem, execve's stack). */
#pragma once

#include <mm/aspace.h>

/* Copies up to `size` bytes; pages are faulted in as needed. force: read-only private pages may be written (as ptrace and /proc/<pid>/mem do).
 * => bytes copied; stops at the first page that is refused. */
size_t access_read(struct aspace *aspace, vaddr_t from, void *to, size_t size);
size_t access_write(struct aspace *aspace, vaddr_t to, const void *from, size_t size, bool force);
