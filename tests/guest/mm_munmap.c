/* SPDX-License-Identifier: MIT */
/* mm_munmap.c - munmap(2): errors, holes, splits, and that the memory is really gone. */
#include <sys/mman.h>

#include "smaps.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)

/* The raw call: libc's wrapper may round. */
static long raw_munmap(void *address, size_t length)
{
    errno = 0;
    return syscall(SYS_munmap, address, length);
}

int main(void)
{
    /* Around it nothing that belongs to the kernel or to libc. */
    char *area = mmap(NULL, 32 * PAGE, PROT_NONE, ANON, -1, 0);
    char *at = mmap(area + 8 * PAGE, 16 * PAGE, RW, ANON | MAP_FIXED, -1, 0);

    expect_error("not aligned", raw_munmap(at + 1, PAGE), EINVAL);
    expect_error("length 0", raw_munmap(at, 0), EINVAL);
    expect_error("length wraps around", raw_munmap(at, ~0UL), EINVAL);
    expect_error("beyond the user's half", raw_munmap((void *)0x800000000000, PAGE), EINVAL);
    expect_error("across the end of the user's half", raw_munmap((void *)0x7ffffffff000, 2 * PAGE), EINVAL);
    expect_error("where nothing is", raw_munmap(at - 512 * PAGE, PAGE), 0);

    memset(at, 5, 16 * PAGE);
    expect("resident kB before", smaps_kb(at, "Rss:"), 64);
    expect_error("the middle, length not a multiple", raw_munmap(at + 4 * PAGE, 3 * PAGE + 1), 0);
    expect("rows left", print_rows("split", at, at + 16 * PAGE), 2);
    expect_signal("read the hole's start", read_byte, at + 4 * PAGE, 11);
    expect_signal("read the hole's end", read_byte, at + 8 * PAGE - 1, 11);
    expect_signal("read before it", read_byte, at + 4 * PAGE - 1, 0);
    expect_signal("read behind it", read_byte, at + 8 * PAGE, 0);
    expect("resident kB of the first part", smaps_kb(at, "Rss:"), 16);
    expect("resident kB of the last part", smaps_kb(at + 8 * PAGE, "Rss:"), 32);

    char *again = mmap(at + 4 * PAGE, 4 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    expect("mapped again it reads zero", again[0] + again[4 * PAGE - 1], 0);
    expect("and is one row with its neighbours", print_rows("filled", at, at + 16 * PAGE), 1);
    expect_error("over rows and holes", raw_munmap(at - 2 * PAGE, 20 * PAGE), 0);
    expect("rows left", print_rows("none", at, at + 16 * PAGE), 0);
    return finish();
}
