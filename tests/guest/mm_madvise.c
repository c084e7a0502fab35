/* SPDX-License-Identifier: MIT */
/* mm_madvise.c - madvise(2) with MADV_DONTNEED: the pages go, the promise stays. And mincore(2): what is there. */
#include <sys/mman.h>

#include "smaps.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)

static long advise(void *address, size_t length, int advice)
{
    errno = 0;
    return syscall(SYS_madvise, address, length, advice);
}

static long in_core(void *address, size_t length, void *vector)
{
    errno = 0;
    return syscall(SYS_mincore, address, length, vector);
}

static void print_core(const char *what, char *at)
{
    unsigned char vector[8];
    char picture[9] = "";

    expect_error(what, in_core(at, 8 * PAGE, vector), 0);
    for (int i = 0; i < 8; i++)
        picture[i] = vector[i] & 1 ? '#' : '.';
    say("    %s", picture);
}

int main(void)
{
    char *area = mmap(NULL, 32 * PAGE, PROT_NONE, ANON, -1, 0);
    char *at = mmap(area + 8 * PAGE, 8 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    unsigned char vector[16];

    expect_error("advice: not aligned", advise(at + 1, PAGE, MADV_DONTNEED), EINVAL);
    expect_error("advice: unknown", advise(at, PAGE, 12345), EINVAL);
    expect_error("advice: length 0", advise(at, 0, MADV_DONTNEED), 0);
    expect_error("advice: length wraps around", advise(at, ~0UL, MADV_DONTNEED), EINVAL);
    expect_error("advice: nothing special", advise(at, PAGE, MADV_NORMAL), 0);
    expect_error("core: not aligned", in_core(at + 1, PAGE, vector), EINVAL);
    expect_error("core: length 0", in_core(at, 0, vector), 0);
    expect_error("core: bad vector", in_core(at, PAGE, NULL), EFAULT);
    expect_error("core: the kernel's vector", in_core(at, PAGE, (void *)0xffff888000000000), EFAULT);

    print_core("untouched", at);
    at[0] = at[2 * PAGE] = 3;
    read_byte(at + 5 * PAGE);
    print_core("written 0 and 2, read 5", at);
    expect("resident kB", smaps_kb(at, "Rss:"), 8);

    memset(at, 4, 8 * PAGE);
    expect("all written, resident kB", smaps_kb(at, "Rss:"), 32);
    expect_error("drop 2 to 4", advise(at + 2 * PAGE, 2 * PAGE + 1, MADV_DONTNEED), 0);
    print_core("dropped", at);
    expect("resident kB", smaps_kb(at, "Rss:"), 20);
    expect("a dropped page reads zero", at[3 * PAGE], 0);
    expect("its neighbour does not", at[PAGE], 4);
    expect("one row", print_rows("advised", at, at + 8 * PAGE), 1);

    memset(at, 6, 8 * PAGE);
    munmap(at + 3 * PAGE, PAGE);
    expect_error("drop over a hole", advise(at, 8 * PAGE, MADV_DONTNEED), ENOMEM);
    expect("before the hole: dropped", at[0], 0);
    expect("behind the hole: dropped too", at[4 * PAGE], 0);
    expect_error("core over a hole", in_core(at, 8 * PAGE, vector), ENOMEM);
    return finish();
}
