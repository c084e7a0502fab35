/* SPDX-License-Identifier: MIT */
/* linux_low.c - MAP_32BIT: the lowest room from 1 GiB on, hints, and no room. */
#include <sys/mman.h>

#include "check.h"

#define MIB (1UL << 20)
#define LOW 0x40000000UL

static unsigned long place(unsigned long hint, unsigned long size)
{
    void *at =
        mmap((void *)hint, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_32BIT, -1, 0);

    return at == MAP_FAILED ? 0 : (unsigned long)at;
}

int main(void)
{
    expect("the first", place(0, MIB) == LOW, 1);
    expect("the second, above", place(0, MIB) == LOW + MIB, 1);
    expect("a hint", place(0x50000000, MIB) == 0x50000000, 1);
    expect("a hint that is taken", place(0x50000000, MIB) == LOW + 2 * MIB, 1);
    expect("a hint below", place(0x10000000, MIB) == 0x10000000, 1);
    expect("a hint too high", place(0x90000000, MIB) == LOW + 3 * MIB, 1);
    expect("a hint whose end is too high", place(0x7ff80000, MIB) == LOW + 4 * MIB, 1);
    expect("a hole is used again", munmap((void *)(LOW + MIB), MIB), 0);
    expect("if it is large enough", place(0, MIB + PAGE) == LOW + 5 * MIB, 1);
    expect("else not", place(0, MIB) == LOW + MIB, 1);
    expect("too large", place(0, 0x40000000) == 0, 1);
    return finish();
}
