/* SPDX-License-Identifier: MIT */
/* mm_brk.c - brk(2) as the kernel offers it: the new break, or the old one when it refuses. */
#include <sys/mman.h>
#include <sys/resource.h>

#include "smaps.h"

static char *raw_brk(void *end)
{
    return (char *)syscall(SYS_brk, end);
}

int main(void)
{
    char *start = raw_brk(NULL);
    char *base = (char *)(((uintptr_t)start + PAGE - 1) & -PAGE); /* libc may have moved it to any byte */

    expect("to a page's start", raw_brk(base + PAGE) - base, PAGE);
    expect("to any byte", raw_brk(base + PAGE + 1) - base, PAGE + 1);
    expect("asked again", raw_brk(NULL) - base, PAGE + 1);
    base[2 * PAGE - 1] = 1; /* the whole page is there */
    expect_signal("one page further is not", read_byte, base + 2 * PAGE, 11);

    expect("grows", raw_brk(base + 64 * PAGE) - base, 64 * PAGE);
    expect("reads zero", base[40 * PAGE], 0);
    memset(base, 7, 64 * PAGE);
    expect("shrinks", raw_brk(base + 8 * PAGE) - base, 8 * PAGE);
    expect_signal("what was given back is gone", read_byte, base + 8 * PAGE, 11);
    expect_signal("what was kept is not", read_byte, base + 8 * PAGE - 1, 0);
    expect("grows again", raw_brk(base + 64 * PAGE) - base, 64 * PAGE);
    expect("what came back reads zero", base[8 * PAGE], 0);
    expect("what stayed does not", base[8 * PAGE - 1], 7);

    expect("below its start: unchanged", raw_brk((void *)PAGE) - base, 64 * PAGE);
    /* (Not quite so high Linux refuses by its overcommit heuristic, Faultline by nothing but the limits.) */
    expect("above the stack: unchanged", raw_brk((void *)0x7ffffffff000) - base, 64 * PAGE);
    expect("the kernel's address: unchanged", raw_brk((void *)0xffffffff80000000) - base, 64 * PAGE);

    mmap(base + 128 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    expect("into a mapping: unchanged", raw_brk(base + 130 * PAGE) - base, 64 * PAGE);
    expect("up to a mapping: unchanged", raw_brk(base + 128 * PAGE) - base, 64 * PAGE);
    expect("a page before a mapping", raw_brk(base + 127 * PAGE) - base, 127 * PAGE);
    munmap(base + 128 * PAGE, PAGE);

    struct rlimit limit = {.rlim_cur = 1 << 20, .rlim_max = RLIM_INFINITY};
    setrlimit(RLIMIT_DATA, &limit);
    expect("over the limit of data: unchanged", raw_brk(base + 1024 * PAGE) - base, 127 * PAGE);
    expect("within it", raw_brk(base + 130 * PAGE) - base, 130 * PAGE);
    limit.rlim_cur = RLIM_INFINITY;
    setrlimit(RLIMIT_DATA, &limit);

    raw_brk(base);
    expect("no row is left", print_rows("heap", base, base + 64 * PAGE), 0);
    return finish();
}
