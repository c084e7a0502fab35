/* SPDX-License-Identifier: MIT */
/* memory.c - mappings. The break has a file of its own, brk.c, and memory with a name: shm.c. */
#include <stdarg.h>
#include <sys/mman.h>

#include "raw.h"

void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    return (void *)SYSCALL(__NR_mmap, address, size, protection, flags, fd, offset);
}

int munmap(void *address, size_t size)
{
    return (int)SYSCALL(__NR_munmap, address, size);
}

int mprotect(void *address, size_t size, int protection)
{
    return (int)SYSCALL(__NR_mprotect, address, size, protection);
}

void *mremap(void *address, size_t old_size, size_t size, int flags, ...)
{
    va_list arguments;

    va_start(arguments, flags);
    void *wanted = va_arg(arguments, void *);
    va_end(arguments);
    return (void *)SYSCALL(__NR_mremap, address, old_size, size, flags, wanted);
}

int madvise(void *address, size_t size, int advice)
{
    return (int)SYSCALL(__NR_madvise, address, size, advice);
}

/* Returns the error number. POSIX's DONTNEED may not lose data, Linux's does: so that one does nothing, as in
 * glibc. */
int posix_madvise(void *address, size_t size, int advice)
{
    if (advice == POSIX_MADV_DONTNEED)
        return 0;
    return (int)-RAW_SYSCALL(__NR_madvise, address, size, advice);
}

int mincore(void *address, size_t size, unsigned char *resident)
{
    return (int)SYSCALL(__NR_mincore, address, size, resident);
}

int msync(void *address, size_t size, int flags)
{
    return (int)WAITING_SYSCALL(__NR_msync, address, size, flags);
}

int mlock(const void *address, size_t size)
{
    return (int)SYSCALL(__NR_mlock, address, size);
}

int mlock2(const void *address, size_t size, unsigned int flags)
{
    return (int)SYSCALL(__NR_mlock2, address, size, flags);
}

int munlock(const void *address, size_t size)
{
    return (int)SYSCALL(__NR_munlock, address, size);
}

int mlockall(int flags)
{
    return (int)SYSCALL(__NR_mlockall, flags);
}

int munlockall(void)
{
    return (int)SYSCALL(__NR_munlockall);
}

int memfd_create(const char *name, unsigned int flags)
{
    return (int)SYSCALL(__NR_memfd_create, name, flags);
}
