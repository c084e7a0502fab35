/* SPDX-License-Identifier: MIT */
/* mm_mlock.c - mlock(2), mlock2, munlock, mlockall, munlockall and MAP_LOCKED: errors, residency, VmLck, what fork inherits. */
#include <sys/mman.h>

#include "smaps.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)

static long call(long number, const void *address, size_t length, int flags)
{
    errno = 0;
    return syscall(number, address, length, flags);
}

static long locked_kb(void)
{
    smaps_read("/proc/self/status");
    char *value = strstr(smaps_text, "VmLck:");

    return value ? strtol(value + 6, NULL, 10) : -1;
}

static int has_flag(const void *at, const char *flag)
{
    smaps_kb(at, "Rss:");
    char *line = smaps_region(at), *found;

    line = line ? strstr(line, "VmFlags:") : NULL;
    char *end = line ? strchr(line, '\n') : NULL;
    if (!end)
        return -1;
    *end = '\0';
    found = strstr(line, flag);
    return found != NULL;
}

static void child(void *at)
{
    if (locked_kb() != 0 || has_flag(at, " lo") != 0)
        _exit(1);
}

static void ranges(void)
{
    char *room = mmap(NULL, 64 * PAGE, PROT_NONE, ANON, -1, 0);
    char *at = mmap(room + 16 * PAGE, 16 * PAGE, RW, ANON | MAP_FIXED, -1, 0);

    expect_error("lock: length 0", call(SYS_mlock, at, 0, 0), 0);
    expect_error("lock: wraps around", call(SYS_mlock, at, ~0UL - 3 * PAGE, 0), EINVAL);
    expect_error("lock: nothing there", call(SYS_mlock, (void *)0x10000, PAGE, 0), ENOMEM);
    expect_error("lock: no access", call(SYS_mlock, room, PAGE, 0), ENOMEM);
    expect_error("unlock it", call(SYS_munlock, room, PAGE, 0), 0);
    expect_error("lock2: unknown flag", call(SYS_mlock2, at, PAGE, 2), EINVAL);
    expect("locked kB", locked_kb(), 0);

    expect_error("lock 4 pages in the middle", call(SYS_mlock, at + 4 * PAGE + 5, 4 * PAGE - 5, 0), 0);
    print_rows("locked", at, at + 16 * PAGE);
    expect("locked kB", locked_kb(), 16);
    expect("resident kB", smaps_kb(at + 4 * PAGE, "Rss:"), 16);
    expect("Locked kB", smaps_kb(at + 4 * PAGE, "Locked:"), 16);
    expect("lo", has_flag(at + 4 * PAGE, " lo"), 1);
    expect_error("dropping them", call(SYS_madvise, at, 8 * PAGE, MADV_DONTNEED), EINVAL);
    expect_error("invalidating them", call(SYS_msync, at, 8 * PAGE, MS_INVALIDATE), EBUSY);
    expect_signal("a child has no locks", child, at + 4 * PAGE, 0);
    expect_error("lock on fault", call(SYS_mlock2, at + 8 * PAGE, 4 * PAGE, MLOCK_ONFAULT), 0);
    expect("resident kB", smaps_kb(at + 8 * PAGE, "Rss:"), 0);
    expect("lf", has_flag(at + 8 * PAGE, " lf"), 1);
    at[9 * PAGE] = 1;
    expect("resident kB after a touch", smaps_kb(at + 8 * PAGE, "Rss:"), 4);
    expect("locked kB", locked_kb(), 32);
    munmap(at + 6 * PAGE, PAGE);
    expect("locked kB after an unmap", locked_kb(), 28);
    expect_error("lock over a hole", call(SYS_mlock, at, 16 * PAGE, 0), ENOMEM);
    expect("before the hole all are locked, kB", locked_kb(), 24 + 20);
    expect_error("unlock over a hole", call(SYS_munlock, at, 16 * PAGE, 0), ENOMEM);
    expect_error("unlock behind it", call(SYS_munlock, at + 7 * PAGE, 9 * PAGE, 0), 0);
    expect("locked kB", locked_kb(), 0);
    munmap(at, 16 * PAGE);
}

static void all(void)
{
    expect_error("all: no flag", call(SYS_mlockall, 0, 0, 0), EINVAL);
    expect_error("all: unknown flag", call(SYS_mlockall, (void *)8, 0, 0), EINVAL);
    expect_error("all: on fault only", call(SYS_mlockall, (void *)MCL_ONFAULT, 0, 0), EINVAL);

    char *before = mmap(NULL, 4 * PAGE, RW, ANON | MAP_NORESERVE, -1, 0);
    expect_error("all that will be", call(SYS_mlockall, (void *)MCL_FUTURE, 0, 0), 0);
    expect("what was is not resident, kB", smaps_kb(before, "Rss:"), 0);
    char *after = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);
    expect("what comes is resident, kB", smaps_kb(after, "Rss:"), 16);
    expect("locked kB", locked_kb(), 16);
    syscall(SYS_brk, syscall(SYS_brk, 0) + 4 * PAGE);
    expect("the heap too, kB", locked_kb(), 16 + 16);
    expect_error("all that is, on fault", call(SYS_mlockall, (void *)(MCL_CURRENT | MCL_ONFAULT), 0, 0), 0);
    expect("not resident by that, kB", smaps_kb(before, "Rss:"), 0);
    expect_error("all that is", call(SYS_mlockall, (void *)MCL_CURRENT, 0, 0), 0);
    expect("resident by that, kB", smaps_kb(before, "Rss:"), 16);
    expect_error("nothing any more", call(SYS_munlockall, 0, 0, 0), 0);
    expect("locked kB", locked_kb(), 0);
    char *later = mmap(NULL, 3 * PAGE, RW, ANON, -1, 0);
    expect("nor later", smaps_kb(later, "Rss:") == 12, 0);

    char *locked = mmap(NULL, 4 * PAGE, RW, ANON | MAP_LOCKED, -1, 0);
    expect("MAP_LOCKED: resident kB", smaps_kb(locked, "Rss:"), 16);
    expect("locked kB", locked_kb(), 16);
    errno = 0;
    char *grown = (char *)syscall(SYS_mremap, locked, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE, NULL);
    expect("locked memory grows by locked pages, resident kB", smaps_kb(grown, "Rss:"), 32);
    expect("locked kB", locked_kb(), 32);
    munmap(grown, 8 * PAGE);
    expect("locked kB", locked_kb(), 0);
}

int main(void)
{
    ranges();
    all();
    return finish();
}
