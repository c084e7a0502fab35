/* SPDX-License-Identifier: MIT */
/* <sys/mman.h> - mappings; every constant is the kernel's. */
#ifndef _SYS_MMAN_H
#define _SYS_MMAN_H

#include <sys/types.h>
#include <linux/mman.h>
#include <linux/memfd.h>

#define MAP_ANON MAP_ANONYMOUS
#define MAP_FAILED ((void *)-1)
#define POSIX_MADV_NORMAL MADV_NORMAL
#define POSIX_MADV_RANDOM MADV_RANDOM
#define POSIX_MADV_SEQUENTIAL MADV_SEQUENTIAL
#define POSIX_MADV_WILLNEED MADV_WILLNEED
#define POSIX_MADV_DONTNEED MADV_DONTNEED

void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset);
int munmap(void *address, size_t size);
int mprotect(void *address, size_t size, int protection);
void *mremap(void *address, size_t old_size, size_t size, int flags, ...);
int madvise(void *address, size_t size, int advice);
int posix_madvise(void *address, size_t size, int advice);
int mincore(void *address, size_t size, unsigned char *resident);
int msync(void *address, size_t size, int flags);
int mlock(const void *address, size_t size);
int mlock2(const void *address, size_t size, unsigned int flags);
int munlock(const void *address, size_t size);
int mlockall(int flags);
int munlockall(void);
int shm_open(const char *name, int flags, mode_t mode);
int shm_unlink(const char *name);
int memfd_create(const char *name, unsigned int flags);

#endif
