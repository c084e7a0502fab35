/* SPDX-License-Identifier: MIT */
/* mm_stack.c - the stack grows when it is touched, up to its limit, and not a page further. */
#include <sys/resource.h>

#include "smaps.h"

#define MIB (1L << 20)

static void touch_below(void *bytes)
{
    char here;

    *(volatile char *)(&here - (long)bytes) = 1;
}

static void recurse(void *unused);
static void (*volatile recurse_again)(void *) = recurse; /* the compiler must not see where it goes */

static void recurse(void *unused)
{
    char frame[1024];

    write_byte(frame);
    recurse_again(unused);
    write_byte(frame); /* so that the call above is not the last */
}

static void with_a_small_limit(void *bytes)
{
    struct rlimit limit = {.rlim_cur = MIB, .rlim_max = RLIM_INFINITY};

    setrlimit(RLIMIT_STACK, &limit);
    touch_below(bytes);
}

int main(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_STACK, &limit);
    expect("limit in MiB", (long)limit.rlim_cur / MIB, 8);
    expect_signal("touch 100 KiB below", touch_below, (void *)(100 * 1024L), 0);
    expect_signal("touch 4 MiB below, nothing between", touch_below, (void *)(4 * MIB), 0);
    expect_signal("touch 7 MiB below", touch_below, (void *)(7 * MIB), 0);
    expect_signal("touch 9 MiB below", touch_below, (void *)(9 * MIB), 11);
    expect_signal("recursion without end", recurse, NULL, 11);
    expect_signal("limit 1 MiB, touch 900 KiB below", with_a_small_limit, (void *)(900 * 1024L), 0);
    expect_signal("limit 1 MiB, touch 2 MiB below", with_a_small_limit, (void *)(2 * MIB), 11);
    return finish();
}
