/* SPDX-License-Identifier: MIT */
/* mm_mremap.c - mremap(2): its errors one by one; mappings that shrink, grow and move with their pages, without a fault. */
#include <sys/mman.h>
#include <sys/resource.h>

#include "smaps.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)
#define MOVE MREMAP_MAYMOVE
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

static char *remap(void *from, size_t old_length, size_t new_length, int flags, void *to)
{
    errno = 0;
    return (char *)syscall(SYS_mremap, from, old_length, new_length, flags, to);
}

static void error(const char *what, char *got, int error)
{
    expect_error(what, got == MAP_FAILED ? -1 : 0, error);
}

/* `pages` pages of memory inside a larger reservation, so that what lies around is known. */
static char *arena(size_t pages, int prot, int flags)
{
    char *room = mmap(NULL, 64 * PAGE, PROT_NONE, ANON, -1, 0);

    munmap(room + 16 * PAGE, 32 * PAGE);
    return mmap(room + 16 * PAGE, pages * PAGE, prot, flags | MAP_FIXED, -1, 0);
}

static void fill(char *at, int pages)
{
    for (int i = 0; i < pages; i++)
        memset(at + i * PAGE, 'a' + i, PAGE);
}

/* Are pages [first, first + count) of a filled mapping at `at`? */
static int holds(const char *at, int first, int count)
{
    for (int i = 0; i < count; i++)
        if (at[i * PAGE] != 'a' + first + i || at[(i + 1) * PAGE - 1] != 'a' + first + i)
            return 0;
    return 1;
}

static long faults(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
}

static void errors(void)
{
    char *at = arena(8, RW, ANON), *other = arena(8, RW, ANON);

    error("not aligned", remap(at + 1, PAGE, PAGE, 0, NULL), EINVAL);
    error("unknown flag", remap(at, PAGE, PAGE, 8, NULL), EINVAL);
    error("new length 0", remap(at, PAGE, 0, 0, NULL), EINVAL);
    error("new length is more than there is", remap(at, PAGE, 1UL << 47, MOVE, NULL), EINVAL);
    error("new length wraps around", remap(at, PAGE, ~0UL, MOVE, NULL), EINVAL);
    error("fixed without maymove", remap(at, PAGE, PAGE, MREMAP_FIXED, other), EINVAL);
    error("fixed, not aligned", remap(at, PAGE, PAGE, MOVE | MREMAP_FIXED, other + 1), EINVAL);
    error("fixed, the kernel's half", remap(at, PAGE, PAGE, MOVE | MREMAP_FIXED, (void *)0xffff888000000000),
          EINVAL);
    error("fixed, overlapping", remap(at, 4 * PAGE, 4 * PAGE, MOVE | MREMAP_FIXED, at + PAGE), EINVAL);
    error("fixed, overlapping from below", remap(at + 4 * PAGE, PAGE, 5 * PAGE, MOVE | MREMAP_FIXED, at),
          EINVAL);
    error("fixed, onto itself", remap(at, PAGE, PAGE, MOVE | MREMAP_FIXED, at), EINVAL);
    error("dontunmap without maymove", remap(at, PAGE, PAGE, MREMAP_DONTUNMAP, NULL), EINVAL);
    error("dontunmap with another length", remap(at, PAGE, 2 * PAGE, MOVE | MREMAP_DONTUNMAP, NULL), EINVAL);
    error("nothing there", remap(at + 20 * PAGE, PAGE, PAGE, 0, NULL), EFAULT);
    error("nothing there, the kernel's half", remap((void *)0xffff888000000000, PAGE, PAGE, 0, NULL), EFAULT);
    error("grows over two regions", remap(at, 20 * PAGE, 21 * PAGE, MOVE, NULL), EFAULT);
    error("old length 0, private", remap(at, 0, PAGE, MOVE, NULL), EINVAL);
    error("no room, may not move", remap(at, 4 * PAGE, 9 * PAGE, 0, NULL), ENOMEM);
    error("room, but not at the end", remap(at, PAGE, 2 * PAGE, 0, NULL), ENOMEM);
    error("same length", remap(at, 8 * PAGE, 8 * PAGE, 0, NULL), 0);
    error("same length in the middle", remap(at + PAGE, PAGE, PAGE, MOVE, NULL), 0);
    error("length 1 is a page", remap(at, 1, PAGE, 0, NULL), 0);
}

static void limits(void)
{
    struct rlimit limit = {.rlim_cur = 64UL << 20, .rlim_max = RLIM_INFINITY};
    char *at = mmap(NULL, 8 * PAGE, RW, ANON, -1, 0);

    setrlimit(RLIMIT_AS, &limit);
    error("over RLIMIT_AS", remap(at, 8 * PAGE, 64UL << 20, MOVE, NULL), ENOMEM);
    limit.rlim_cur = RLIM_INFINITY;
    setrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = 32UL << 20;
    setrlimit(RLIMIT_DATA, &limit);
    error("over RLIMIT_DATA", remap(at, 8 * PAGE, 64UL << 20, MOVE, NULL), ENOMEM);
    limit.rlim_cur = RLIM_INFINITY;
    setrlimit(RLIMIT_DATA, &limit);
    error("without limits", remap(at, 8 * PAGE, 65UL << 20, MOVE, NULL), 0);
}

static void shrinks_and_grows(void)
{
    char *at = arena(8, RW, ANON);

    fill(at, 8);
    expect("shrinks where it is", remap(at, 8 * PAGE, 3 * PAGE, 0, NULL) == at, 1);
    print_rows("shrunk", at, at + 32 * PAGE);
    expect("what is left", holds(at, 0, 3), 1);
    expect("resident kB", smaps_kb(at, "Rss:"), 12);
    expect("grows where it is", remap(at, 3 * PAGE, 6 * PAGE, 0, NULL) == at, 1);
    print_rows("grown", at, at + 32 * PAGE);
    expect("the old part", holds(at, 0, 3), 1);
    expect("the new part reads zero", at[3 * PAGE] | at[6 * PAGE - 1], 0);

    mmap(at + 8 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0);
    expect("grows up to a neighbour and becomes one with it", remap(at, 6 * PAGE, 8 * PAGE, 0, NULL) == at,
           1);
    print_rows("merged", at, at + 32 * PAGE);
    mprotect(at + 4 * PAGE, 4 * PAGE, PROT_READ);
    expect("shrinks over two regions", remap(at, 8 * PAGE, 2 * PAGE, 0, NULL) == at, 1);
    print_rows("a hole and the rest", at, at + 32 * PAGE);
}

static void moves(void)
{
    char *at = arena(8, RW, ANON);

    fill(at, 8);
    read_byte(mmap(at + 8 * PAGE, PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0));
    long before = faults();
    char *to = remap(at, 8 * PAGE, 16 * PAGE, MOVE, NULL);
    int kept = holds(to, 0, 8);
    long after = faults();
    expect("grows elsewhere", to != at && to != MAP_FAILED, 1);
    expect("with its pages", kept, 1);
    expect("without a fault", after - before, 0);
    expect("resident kB", smaps_kb(to, "Rss:"), 32);
    expect("rows left at the old place", print_rows("old", at, at + 8 * PAGE), 0);
    expect_signal("the old place", read_byte, at, 11);
    expect("the new part reads zero", to[8 * PAGE], 0);
    memset(to, 'z', 16 * PAGE);
    munmap(to, 16 * PAGE);

    at = arena(8, RW, ANON);
    fill(at, 8);
    char *place = arena(4, PROT_READ, ANON);
    expect("the middle moves to a fixed place",
           remap(at + 2 * PAGE, 3 * PAGE, 3 * PAGE, MOVE | MREMAP_FIXED, place) == place, 1);
    print_rows("left", at, at + 8 * PAGE);
    print_rows("came", place, place + 4 * PAGE);
    expect("the middle", holds(place, 2, 3), 1);
    expect("before it", holds(at, 0, 2), 1);
    expect("behind it", holds(at + 5 * PAGE, 5, 3), 1);
    expect("shrinks on the way",
           remap(at + 5 * PAGE, 3 * PAGE, PAGE, MOVE | MREMAP_FIXED, place + 8 * PAGE) == place + 8 * PAGE,
           1);
    print_rows("left", at, at + 8 * PAGE);
    expect("one page of it", holds(place + 8 * PAGE, 5, 1), 1);
    expect("grows on the way",
           remap(at, 2 * PAGE, 4 * PAGE, MOVE | MREMAP_FIXED, place + 12 * PAGE) == place + 12 * PAGE, 1);
    expect("both pages of it", holds(place + 12 * PAGE, 0, 2), 1);
    expect("and zeros", place[14 * PAGE], 0);

    /* over the border of a page table, and back */
    char *large = mmap(NULL, 8UL << 20, RW, ANON, -1, 0);
    for (size_t i = 0; i < 8UL << 20; i += PAGE)
        *(size_t *)(large + i) = i;
    char *target = mmap(NULL, (8UL << 20) + PAGE, PROT_NONE, ANON, -1, 0);
    expect("8 MiB move",
           remap(large, 8UL << 20, 8UL << 20, MOVE | MREMAP_FIXED, target + PAGE) == target + PAGE, 1);
    size_t right = 0;
    for (size_t i = 0; i < 8UL << 20; i += PAGE)
        right += *(size_t *)(target + PAGE + i) == i;
    expect("pages that are right", (long)right, 2048);
}

static void write_both(void *address)
{
    char *at = address;

    at[0] = at[8 * PAGE] = 'c';
}

static void leaves_behind(void)
{
    char *at = arena(8, RW, ANON);

    fill(at, 8);
    char *place = arena(1, PROT_NONE, ANON);
    expect("dontunmap, fixed",
           remap(at, 8 * PAGE, 8 * PAGE, MOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, place) == place, 1);
    expect("the new place", holds(place, 0, 8), 1);
    print_rows("the old place is a region still", at, at + 8 * PAGE);
    expect("and empty", at[0] | at[8 * PAGE - 1], 0);
    char *to = remap(place, 4 * PAGE, 4 * PAGE, MOVE | MREMAP_DONTUNMAP, NULL);
    expect("dontunmap, anywhere", to != MAP_FAILED && holds(to, 0, 4), 1);
    expect("the rest stays", holds(place + 4 * PAGE, 4, 4), 1);
    expect("what has gone reads zero", place[0], 0);
    munmap(to, 4 * PAGE);
    munmap(at, 8 * PAGE);
    munmap(place, 8 * PAGE);

    char *shared = arena(8, RW, MAP_SHARED | MAP_ANONYMOUS);
    fill(shared, 8);
    to = remap(shared, 0, 8 * PAGE, MOVE, NULL);
    expect("old length 0, shared: a second view", to != MAP_FAILED && holds(to, 0, 8), 1);
    to[0] = 'x';
    expect("of the same memory", shared[0], 'x');
    expect("shared memory grows beyond its end", remap(to, 8 * PAGE, 9 * PAGE, MOVE, NULL) != MAP_FAILED, 1);
}

/* Frames that fork shares are copied on write wherever they have moved to. */
static void moves_shared_frames(void)
{
    char *at = arena(16, RW, ANON);

    fill(at, 16);
    char *place = arena(1, PROT_NONE, ANON);
    expect_signal("a child writes", write_both, at, 0);
    expect("moved after a fork", remap(at, 16 * PAGE, 16 * PAGE, MOVE | MREMAP_FIXED, place) == place, 1);
    expect("is what it was", holds(place, 0, 16), 1);
    expect_signal("a child writes", write_both, place, 0);
    expect("is what it was", holds(place, 0, 16), 1);
}

int main(void)
{
    errors();
    limits();
    shrinks_and_grows();
    moves();
    leaves_behind();
    moves_shared_frames();
    return finish();
}
