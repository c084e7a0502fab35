/* SPDX-License-Identifier: MIT */
/* errors_memory.c - what the memory calls refuse, and each of their flags. */
#include "errors.h"

#include <sys/resource.h>
#include <sys/time.h>

#ifndef MAP_SHARED_VALIDATE
#define MAP_SHARED_VALIDATE 3
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#ifndef MAP_SYNC
#define MAP_SYNC 0x80000
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

static void mapping(void)
{
    int file = scratch_file(2 * PAGE), reader = open("/proc/self/exe", O_RDONLY),
        writer = open("/tmp", O_PATH), ends[2];
    int only_write = open("/dev/null", O_WRONLY), zero = open("/dev/zero", O_RDWR),
        directory = open("/tmp", O_RDONLY);

    (void)!pipe(ends);
    ROW(mmap, 0, 0, RW, ANON, -1, 0);
    ROW(mmap, 0, 1, RW, ANON, -1, 0);
    ROW(mmap, 0, -1L, RW, ANON, -1, 0);
    ROW(mmap, 0, -PAGE, RW, ANON, -1, 0);
    ROW(mmap, 0, 1L << 47, RW, ANON, -1, 0);
    ROW(mmap, 0, PAGE, RW, 0, -1, 0);
    ROW(mmap, 0, PAGE, RW, MAP_ANONYMOUS, -1, 0);
    ROW(mmap, 0, PAGE, RW, MAP_SHARED_VALIDATE, -1, 0);
    ROW(mmap, 0, PAGE, RW, MAP_PRIVATE, -1, 0);
    ROW(mmap, 0, PAGE, RW, MAP_PRIVATE, 99, 0);
    ROW(mmap, 0, PAGE, RW, ANON, 99, 0);
    ROW(mmap, 0, PAGE, RW, ANON, -1, 1);
    ROW(mmap, 0, PAGE, RW, ANON, -1, PAGE);
    ROW(mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, file, -PAGE);
    ROW(mmap, 0, 2 * PAGE, PROT_READ, MAP_PRIVATE, file, -PAGE);
    ROW(mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, file, 1);
    ROW(mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, file, 9 * PAGE);
    ROW(mmap, 0, PAGE, RW, ANON | MAP_FIXED, -1, 0);
    ROW(mmap, 1, PAGE, RW, ANON | MAP_FIXED, -1, 0);
    ROW(mmap, at, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
    ROW(mmap, at + 1, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
    ROW(mmap, 0x7ffffffff000, PAGE, RW, ANON | MAP_FIXED, -1, 0);
    ROW(mmap, 0x7fffffffe000, 2 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    ROW(mmap, 0x7fffffffe000, 2 * PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
    ROW(mmap, 0xffff800000000000, PAGE, RW, ANON, -1, 0);
    ROW(mmap, 0, PAGE, 0xff, ANON, -1, 0);
    ROW(mmap, 0, PAGE, RW, ANON | MAP_SHARED_VALIDATE, -1, 0);
    ROW(mmap, 0, PAGE, PROT_READ, MAP_SHARED_VALIDATE, file, 0);
    ROW(mmap, 0, PAGE, PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC, file, 0);
    ROW(mmap, 0, PAGE, PROT_READ, MAP_SHARED_VALIDATE | 0x8000000, file, 0);
    ROW(mmap, 0, PAGE, RW, MAP_SHARED, reader, 0);
    ROW(mmap, 0, PAGE, RW, MAP_PRIVATE, reader, 0);
    ROW(mmap, 0, PAGE, PROT_NONE, MAP_PRIVATE, only_write, 0);
    ROW(mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, writer, 0);
    ROW(mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, ends[0], 0);
    ROW(mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, ends[1], 0);
    ROW(mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, directory, 0);
    ROW(mmap, 0, PAGE, RW, MAP_PRIVATE, zero, 0);
    ROW(mmap, 0, PAGE, RW, MAP_SHARED, zero, 0);
    ROW(mmap, 0, PAGE, RW, ANON | MAP_NORESERVE | MAP_POPULATE | MAP_LOCKED | MAP_STACK | MAP_NONBLOCK, -1,
        0);
    ROW(mmap, 0, PAGE, RW, ANON | MAP_GROWSDOWN, -1, 0);
    ROW(mmap, 0, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0);
    ROW(mmap, 0, PAGE, PROT_READ, MAP_PRIVATE | MAP_GROWSDOWN, file, 0);
    ROW(mmap, 0, PAGE, PROT_READ, MAP_PRIVATE | MAP_DENYWRITE | MAP_EXECUTABLE, file, 0);
    ROW(mmap, 0, PAGE, RW, ANON | MAP_32BIT, -1, 0);
    ROW(mmap, 0, 1L << 32, PROT_NONE, ANON | MAP_32BIT, -1, 0);
    ROW(munmap, at, 0);
    ROW(munmap, at + 1, PAGE);
    ROW(munmap, 0, PAGE);
    ROW(munmap, at, 1);
    ROW(munmap, 0x7ffffffff000, PAGE);
    ROW(munmap, 0x7fffffffe000, 2 * PAGE);
    ROW(munmap, at, -1L);
    ROW(munmap, at, -PAGE);
    close(file), close(reader), close(writer), close(ends[0]), close(ends[1]), close(only_write), close(zero),
        close(directory);
}

static void protecting(void)
{
    int reader = open("/proc/self/exe", O_RDONLY);
    char *shared = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, reader, 0), *hole = island(3);

    ROW(mprotect, at, 0, RW);
    ROW(mprotect, at + 1, 0, RW);
    ROW(mprotect, at + 1, PAGE, RW);
    ROW(mprotect, at, PAGE, 0x40);
    ROW(mprotect, at, PAGE, 8 /* SEM */);
    ROW(mprotect, at, PAGE, -1);
    ROW(mprotect, at, PAGE, RW | PROT_GROWSDOWN);
    ROW(mprotect, at, PAGE, RW | PROT_GROWSUP);
    ROW(mprotect, at, PAGE, RW | PROT_GROWSDOWN | PROT_GROWSUP);
    ROW(mprotect, 0x5000, PAGE, RW);
    ROW(mprotect, at, -PAGE, RW);
    ROW(mprotect, at, -1L, RW);
    ROW(mprotect, 0xffff800000000000, PAGE, RW);
    ROW(mprotect, shared, PAGE, RW);
    ROW(mprotect, shared, PAGE, PROT_READ | PROT_EXEC);
    ROW(mprotect, shared, PAGE, PROT_NONE);
    munmap(hole + PAGE, PAGE);
    ROW(mprotect, hole, 3 * PAGE, PROT_READ);
    ROW(mprotect, hole + PAGE, PAGE, PROT_READ);
    close(reader);
}

static void advising(void)
{
    char *hole = island(3), *locked = island(1);
    int file = scratch_file(PAGE);
    char *shared = mmap(NULL, PAGE, RW, MAP_SHARED, file, 0),
         *none = mmap(NULL, PAGE, PROT_NONE, ANON, -1, 0);
    char *beyond = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, file, 0);

    munmap(hole + PAGE, PAGE);
    mlock(locked, PAGE);
    ROW(madvise, at + 1, PAGE, MADV_NORMAL);
    ROW(madvise, at, 0, MADV_NORMAL);
    ROW(madvise, at, -1L, MADV_NORMAL);
    ROW(madvise, at, -PAGE, MADV_NORMAL);
    ROW(madvise, 0x5000, PAGE, MADV_DONTNEED);
    ROW(madvise, 0x5000, 0, 77);
    ROW(madvise, at, PAGE, -1);
    ROW(madvise, at, PAGE, 5);
    ROW(madvise, at, PAGE, 6);
    ROW(madvise, at, PAGE, 7);
    ROW(madvise, at, PAGE, MADV_RANDOM);
    ROW(madvise, at, PAGE, MADV_SEQUENTIAL);
    ROW(madvise, at, PAGE, MADV_WILLNEED);
    ROW(madvise, at, PAGE, MADV_DONTNEED);
    ROW(madvise, at, PAGE, 8 /* FREE */);
    ROW(madvise, at, PAGE, 10 /* DONTFORK */);
    ROW(madvise, at, PAGE, 11 /* DOFORK */);
    ROW(madvise, at, PAGE, 16 /* DONTDUMP */);
    ROW(madvise, at, PAGE, 17 /* DODUMP */);
    ROW(madvise, at, PAGE, 18 /* WIPEONFORK */);
    ROW(madvise, at, PAGE, 19 /* KEEPONFORK */);
    ROW(madvise, at, PAGE, 20 /* COLD */);
    ROW(madvise, at, PAGE, 21 /* PAGEOUT */);
    ROW(madvise, at, PAGE, 22 /* POPULATE_READ */);
    ROW(madvise, at, PAGE, 23 /* POPULATE_WRITE */);
    ROW(madvise, at, PAGE, 24 /* DONTNEED_LOCKED */);
    ROW(madvise, at, PAGE, 9 /* REMOVE */);
    ROW(madvise, locked, PAGE, 9 /* REMOVE */);
    ROW(madvise, shared, PAGE, 8 /* FREE */);
    ROW(madvise, shared, PAGE, 18 /* WIPEONFORK */);
    ROW(madvise, none, PAGE, 22 /* POPULATE_READ */);
    ROW(madvise, none, PAGE, 23 /* POPULATE_WRITE */);
    ROW(madvise, beyond, 2 * PAGE, 22 /* POPULATE_READ */);
    ROW(madvise, hole, 3 * PAGE, 22 /* POPULATE_READ */);
    ROW(madvise, hole, 3 * PAGE, MADV_DONTNEED);
    ROW(madvise, hole, 3 * PAGE, MADV_NORMAL);
    ROW(madvise, locked, PAGE, MADV_DONTNEED);
    ROW(madvise, locked, PAGE, 8 /* FREE */);
    ROW(madvise, locked, PAGE, 20 /* COLD */);
    ROW(madvise, locked, PAGE, 21 /* PAGEOUT */);
    ROW(madvise, locked, PAGE, 24 /* DONTNEED_LOCKED */);
    ROW(mincore, at + 1, PAGE, at);
    ROW(mincore, at, 0, BAD);
    ROW(mincore, at, PAGE, BAD);
    ROW(mincore, at, PAGE + 1, at + PAGE);
    ROW(mincore, 0x5000, PAGE, at);
    ROW(mincore, hole, 3 * PAGE, at);
    ROW(mincore, at, -PAGE, at);
    ROW(mincore, 0xffff800000000000, PAGE, at);
    ROW(msync, at, PAGE, MS_SYNC);
    ROW(msync, at, 0, MS_SYNC);
    ROW(msync, at + 1, PAGE, MS_SYNC);
    ROW(msync, at, PAGE, MS_SYNC | MS_ASYNC);
    ROW(msync, at, PAGE, 0);
    ROW(msync, at, PAGE, 64);
    ROW(msync, at, -1L, MS_SYNC);
    ROW(msync, 0x5000, PAGE, MS_ASYNC);
    ROW(msync, hole, 3 * PAGE, MS_SYNC);
    ROW(msync, shared, PAGE, MS_SYNC | MS_INVALIDATE);
    ROW(msync, locked, PAGE, MS_ASYNC | MS_INVALIDATE);
    close(file);
}

static void moving(void)
{
    char *two = island(2), *hole = island(3),
         *shared = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    munmap(hole + PAGE, PAGE);
    ROW(mremap, at, PAGE, 0, 0);
    ROW(mremap, at, 0, PAGE, 0);
    ROW(mremap, at, 0, PAGE, MREMAP_MAYMOVE);
    ROW(mremap, at + 1, PAGE, PAGE, 0);
    ROW(mremap, at, PAGE, PAGE, 0);
    ROW(mremap, 0x5000, PAGE, 2 * PAGE, 0);
    ROW(mremap, at, PAGE, PAGE, 64);
    ROW(mremap, at, 4 * PAGE, 5 * PAGE, 0);
    ROW(mremap, at, PAGE, 2 * PAGE, MREMAP_FIXED, two);
    ROW(mremap, at, PAGE, PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, two + 1);
    ROW(mremap, at, 2 * PAGE, 2 * PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, at + PAGE);
    ROW(mremap, at, 2 * PAGE, PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, at);
    ROW(mremap, at, PAGE, PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, 0x7ffffffff000);
    ROW(mremap, at, PAGE, 1L << 47, MREMAP_MAYMOVE);
    ROW(mremap, at, PAGE, -1L, MREMAP_MAYMOVE);
    ROW(mremap, at, PAGE, 2 * PAGE, MREMAP_DONTUNMAP | MREMAP_MAYMOVE, 0);
    ROW(mremap, at, PAGE, PAGE, MREMAP_DONTUNMAP, 0);
    ROW(mremap, shared, 0, PAGE, MREMAP_MAYMOVE);
    ROW(mremap, shared, 0, PAGE, 0);
    ROW(mremap, shared, PAGE, PAGE, MREMAP_DONTUNMAP | MREMAP_MAYMOVE, 0);
    ROW(mremap, hole, 3 * PAGE, 4 * PAGE, MREMAP_MAYMOVE);
    ROW(mremap, hole, 3 * PAGE, PAGE, 0);
    ROW(mremap, two, 2 * PAGE, PAGE, 0);
    ROW(brk, 0);
    ROW(brk, -1L);
}

static void locking(void)
{
    char *hole = island(3), *none = mmap(NULL, PAGE, PROT_NONE, ANON, -1, 0);

    munmap(hole + PAGE, PAGE);
    ROW(mlock, 0x5000, PAGE);
    ROW(mlock, at, 0);
    ROW(mlock, at + 1, 1);
    ROW(mlock, at, -1L);
    ROW(mlock, at, -PAGE);
    ROW(mlock, hole, 3 * PAGE);
    ROW(mlock, none, PAGE);
    ROW(mlock2, at, PAGE, 0);
    ROW(mlock2, at, PAGE, 1 /* ONFAULT */);
    ROW(mlock2, at, PAGE, 2);
    ROW(mlock2, 0x5000, PAGE, 1 /* ONFAULT */);
    ROW(munlock, 0x5000, PAGE);
    ROW(munlock, at, 0);
    ROW(munlock, at, -PAGE);
    ROW(munlock, hole, 3 * PAGE);
    ROW(mlockall, 0);
    ROW(mlockall, 64);
    ROW(mlockall, MCL_CURRENT | 64);
    ROW(mlockall, 4 /* MCL_ONFAULT */);
    ROW(mlockall, MCL_FUTURE | 4);
    ROW(munlockall);
}

static void limits(void)
{
    struct rlimit before, small = {64 << 20, RLIM_INFINITY};

    getrlimit(RLIMIT_AS, &before);
    small.rlim_max = before.rlim_max;
    setrlimit(RLIMIT_AS, &small);
    say("64 MiB of address space:");
    ROW(mmap, 0, 128 << 20, PROT_NONE, ANON, -1, 0);
    ROW(mmap, 0, 128 << 20, RW, ANON | MAP_NORESERVE, -1, 0);
    ROW(mremap, at, 4 * PAGE, 128 << 20, MREMAP_MAYMOVE);
    setrlimit(RLIMIT_AS, &before);
    getrlimit(RLIMIT_DATA, &before);
    small = (struct rlimit){PAGE, before.rlim_max};
    setrlimit(RLIMIT_DATA, &small);
    say("one page of data:");
    ROW(mmap, 0, 1 << 20, RW, ANON, -1, 0);
    ROW(mmap, 0, 1 << 20, PROT_READ, ANON, -1, 0);
    ROW(mmap, 0, 1 << 20, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char *read_only = mmap(NULL, 1 << 20, PROT_READ, ANON, -1, 0);
    ROW(mprotect, read_only, 1 << 20, RW);
    setrlimit(RLIMIT_DATA, &before);
}

int main(void)
{
    at = island(4);
    memset(at, 0, 4 * PAGE);
    mapping();
    at = island(4);
    protecting();
    advising();
    locking();
    moving();
    at = island(4);
    limits();
    return table_end();
}
