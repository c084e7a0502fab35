/* SPDX-License-Identifier: MIT */
/* proc_limits.c - limits refuse with ENOMEM and take nothing; huge promises cost nothing. */
#include <sys/mman.h>
#include <sys/resource.h>

#include "smaps.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)
#define MIB (1UL << 20)

static long map(size_t size, int protection, int flags)
{
    errno = 0;
    void *at = mmap(NULL, size, protection, ANON | flags, -1, 0);

    if (at == MAP_FAILED)
        return -1;
    munmap(at, size);
    return 0;
}

int main(void)
{
    struct rlimit limit, before;

    expect_error("64 GiB without a reserve", map(64 * 1024 * MIB, RW, MAP_NORESERVE), 0);
    expect_error("256 GiB that nobody can use", map(256 * 1024 * MIB, PROT_NONE, 0), 0);
    char *at = mmap(NULL, 64 * 1024 * MIB, RW, ANON | MAP_NORESERVE, -1, 0);
    at[0] = at[32 * 1024 * MIB] = at[64 * 1024 * MIB - 1] = 1;
    expect("three pages of it, kB", smaps_kb(at, "Rss:"), 12);
    munmap(at, 64 * 1024 * MIB);

    getrlimit(RLIMIT_AS, &before);
    limit = before;
    limit.rlim_cur = 64 * MIB;
    expect_error("limit the address space", setrlimit(RLIMIT_AS, &limit), 0);
    expect_error("32 MiB", map(32 * MIB, RW, 0), 0);
    expect_error("64 MiB", map(64 * MIB, RW, 0), ENOMEM);
    expect_error("64 MiB that nobody can use", map(64 * MIB, PROT_NONE, 0), ENOMEM);
    setrlimit(RLIMIT_AS, &before);
    expect_error("64 MiB without the limit", map(64 * MIB, RW, 0), 0);

    limit.rlim_cur = 2 * MIB;
    limit.rlim_max = MIB;
    expect_error("soft above hard", setrlimit(RLIMIT_AS, &limit), EINVAL);
    expect_error("no such limit", getrlimit(99, &limit), EINVAL);
    return finish();
}
