/* SPDX-License-Identifier: MIT */
/* map.c - lab 5: what mmap, munmap and mprotect make of a piece of the address space. */
#include <fcntl.h>
#include <sys/syscall.h>

#include "lab.h"

#define READ_WRITE (PROT_READ | PROT_WRITE)
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)

/* What the C library may round or refuse goes straight to the kernel. */
static long raw_munmap(void *p, unsigned long length)
{
    return syscall(SYS_munmap, p, length);
}

static long raw_mprotect(void *p, unsigned long length, int protection)
{
    return syscall(SYS_mprotect, p, length, protection);
}

static long raw_mmap(void *p, unsigned long length, int protection, int flags, int file, long offset)
{
    return syscall(SYS_mmap, p, length, protection, flags, file, offset);
}

/* An arena of PROT_NONE in which nothing else will ever be mapped: what lies in it is printed by its pages. */
static unsigned char *arena;
static unsigned long arena_pages;

static void arena_make(unsigned long pages)
{
    arena_pages = pages;
    arena = mmap(NULL, pages * PAGE, PROT_NONE, ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (arena == MAP_FAILED)
        fail("mmap");
}

static unsigned char *page(unsigned long number)
{
    return arena + number * PAGE;
}

static unsigned char *map_at(unsigned long first, unsigned long count, int protection)
{
    if (mmap(page(first), count * PAGE, protection, ANONYMOUS | MAP_FIXED, -1, 0) != page(first))
        fail("mmap");
    return page(first);
}

/* The rows of /proc/self/maps within the arena: their first page, how many there are, what may be done with them. Nothing here may map
 * memory of its own: it could come to lie in a hole of the arena. */
static void rows(const char *what)
{
    static char text[1 << 16];
    int file = open("/proc/self/maps", O_RDONLY);
    size_t have = 0;
    ssize_t got;

    if (file < 0)
        fail("/proc/self/maps");
    while ((got = read(file, text + have, sizeof(text) - 1 - have)) > 0)
        have += (size_t)got;
    close(file);
    text[have] = '\0';
    printf("%s:", what);
    for (char *line = text; *line; line = strchr(line, '\n') + 1) {
        char *rest;
        unsigned long start = strtoul(line, &rest, 16), end = strtoul(rest + 1, &rest, 16);
        if (end > (unsigned long)arena && start < (unsigned long)page(arena_pages))
            printf(" [%ld+%lu %.4s]", ((long)start - (long)arena) / (long)PAGE, (end - start) / PAGE,
                   rest + 1);
    }
    printf("\n");
}

static void said(const char *what, long result)
{
    printf("%s: %s\n", what, result == -1 ? strerror(errno) : "done");
}

static void fill(unsigned char *p, unsigned long count, unsigned char value)
{
    for (unsigned long i = 0; i < count; i++)
        memset(p + i * PAGE, value, PAGE);
}

/* Bytes of these pages that do not hold `value`. */
static unsigned long other(const unsigned char *p, unsigned long count, unsigned char value)
{
    unsigned long found = 0;

    for (unsigned long i = 0; i < count * PAGE; i++)
        found += p[i] != value;
    return found;
}

/* ---- a place for a mapping ---- */

#define SOME                                                                                                 \
    256UL /* pages: more than the gaps that are there from the beginning, less than what Linux aligns to large pages */

static unsigned char *somewhere(unsigned long pages, void *hint)
{
    unsigned char *p = mmap(hint, pages * PAGE, READ_WRITE, ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (p == MAP_FAILED)
        fail("mmap");
    return p;
}

static long distance(const void *from, const void *to)
{
    return ((const char *)to - (const char *)from) / (long)PAGE;
}

/* Without a wish a mapping goes to the end of the highest gap; a wish is granted if there is room. Bytes become pages. */
static void place(unsigned long bytes)
{
    unsigned char *first = somewhere(SOME, NULL), *second = somewhere(SOME, NULL),
                  *third = somewhere(SOME, NULL);
    unsigned long pages = bytes / PAGE + 1;

    printf("the second lies %ld pages from the first, the third %ld from the second\n",
           distance(first, second), distance(second, third));
    unsigned char *wish = third - 100 * PAGE;
    printf("a wish for the middle of a free page: %ld pages from it\n",
           distance(wish, somewhere(1, wish + 5)));
    printf("for one that is taken: %s\n", somewhere(SOME, wish) == wish ? "granted" : "elsewhere");
    said("no replacing, there", raw_mmap(wish, PAGE, READ_WRITE, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    arena = third - 10 * SOME * PAGE;
    arena_pages = SOME;
    said("no replacing, where nothing is",
         raw_mmap(arena, bytes, READ_WRITE, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    said("behind it, as far as page 100",
         raw_mmap(page(pages), (100 - pages) * PAGE, PROT_READ, ANONYMOUS | MAP_FIXED, -1, 0));
    rows("its pages");
}

/* ---- munmap ---- */

/* A hole in the middle makes two regions of one; the bytes beside it stay; what is mapped there again is new. */
static void hole(unsigned long pages)
{
    unsigned long first = 2 + pages / 3, count = pages / 4;

    arena_make(pages + 4);
    unsigned char *p = map_at(2, pages, READ_WRITE);
    fill(p, pages, 7);
    rows("before");
    said("a hole in the middle", raw_munmap(page(first), (count - 1) * PAGE + 1));
    rows("two regions");
    printf("bytes lost before it: %lu, behind it: %lu\n", other(p, first - 2, 7),
           other(page(first + count), 2 + pages - first - count, 7));
    touch_watch();
    touch("write to the byte before", WRITE, page(first) - 1, page(first));
    touch("write to the hole's first byte", WRITE, page(first), page(first));
    touch("read of its last byte", READ, page(first + count) - 1, page(first));
    touch("read of the byte behind", READ, page(first + count), page(first));
    map_at(first, count, READ_WRITE);
    rows("filled again");
    printf("bytes in it that are not 0: %lu\n", other(page(first), count, 0));
    said("the edges of both sides", raw_munmap(page(0), 3 * PAGE) | raw_munmap(page(pages + 1), 3 * PAGE));
    rows("smaller");
    map_at(first, 1, PROT_READ);
    raw_munmap(page(first + 2), PAGE);
    rows("pieces");
    said("all of them, and holes", raw_munmap(arena, (pages + 4) * PAGE));
    rows("nothing");
    said("once more", raw_munmap(arena, (pages + 4) * PAGE));
    printf("mapped again: %lu bytes are not 0\n", other(map_at(1, pages + 2, READ_WRITE), pages + 2, 0));
    raw_munmap(arena, (pages + 4) * PAGE);

    unsigned char *above = somewhere(SOME, NULL), *below = somewhere(SOME, NULL);
    raw_munmap(above, SOME * PAGE);
    printf("the half of it goes into the highest gap, %ld pages from the region below\n",
           distance(below, somewhere(SOME / 2, NULL)));
}

static bool may_write(volatile unsigned char *p)
{
    if (sigsetjmp(touch_back, 1))
        return false;
    *p = 1;
    return true;
}

static unsigned long writable(unsigned char *p, unsigned long count)
{
    unsigned long found = 0;

    for (unsigned long i = 0; i < count; i++)
        found += may_write(p + i * PAGE);
    return found;
}

/* The processor has the pages in its TLB when they go: that must not let anybody in. */
static void stale(unsigned long pages)
{
    unsigned char *p = somewhere(pages, NULL);

    touch_watch();
    fill(p, pages, 9);
    said("munmap", raw_munmap(p, pages * PAGE));
    printf("%lu pages written and unmapped: %lu can be written\n", pages, writable(p, pages));
    for (int again = 0; again < 2; again++) {
        if (raw_mmap(p, pages * PAGE, READ_WRITE, ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != (long)p)
            fail("mmap");
        printf("%s: %lu bytes are not 0\n", again ? "mapped over" : "mapped again", other(p, pages, 0));
        fill(p, pages, 9);
    }
    said("munmap", raw_munmap(p, pages * PAGE));
    printf("%lu can be written\n", writable(p, pages));
}

/* ---- MAP_FIXED ---- */

/* A new mapping takes the place of what was there, be it parts of several regions. */
static void fixed(unsigned long pages)
{
    arena_make(3 * pages + 2);
    fill(map_at(1, 3 * pages, READ_WRITE), 3 * pages, 1);
    raw_munmap(page(1 + pages), pages * PAGE);
    rows("two regions");
    map_at(1 + pages / 2, 2 * pages, PROT_READ);
    rows("over the hole and the half of each");
    printf("bytes that are not as they were: %lu, %lu; in the new pages, not 0: %lu\n",
           other(page(1), pages / 2, 1), other(page(1 + pages / 2 + 2 * pages), pages - pages / 2, 1),
           other(page(1 + pages / 2), 2 * pages, 0));
    map_at(1 + pages / 2, 2 * pages, READ_WRITE);
    rows("the same as its neighbours");
    map_at(1 + pages, 1, PROT_READ);
    rows("one page of it read-only");
    map_at(1, 3 * pages, PROT_NONE);
    rows("over everything");
}

/* A region of a file remembers which of its pages it shows, wherever it is cut. */
static void offsets(unsigned long pages)
{
    const char *path = "/tmp/lab5.tmp";
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    unsigned long wrong = 0, cut = 1 + pages / 3;

    if (file < 0 || unlink(path) < 0)
        fail(path);
    for (unsigned long i = 0; i < pages + 5; i++) {
        unsigned char bytes[PAGE];
        memset(bytes, (int)(i + 1), sizeof(bytes));
        if (write(file, bytes, sizeof(bytes)) != sizeof(bytes))
            fail("write");
    }
    arena_make(pages + 2);
    if (mmap(page(1), pages * PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, 5 * PAGE) != page(1))
        fail("mmap");
    raw_munmap(page(cut), PAGE);
    raw_mprotect(page(cut + 2), PAGE, READ_WRITE);
    rows("cut");
    for (unsigned long i = 1; i <= pages; i++)
        wrong += i != cut && *page(i) != (unsigned char)(i + 5);
    printf("pages that show another page of the file: %lu\n", wrong);
    raw_mprotect(page(cut + 2), PAGE, PROT_READ);
    rows("as it was, but for the hole");
    if (mmap(page(cut), PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, (long)(4 + cut) * (long)PAGE) !=
        page(cut))
        fail("mmap");
    rows("the right page in the hole");
    raw_munmap(page(cut), PAGE);
    if (mmap(page(cut), PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, 0) != page(cut))
        fail("mmap");
    rows("a wrong one");
}

/* ---- mprotect ---- */

/* Each part has its own rights, and becomes one with its neighbours when theirs are the same. */
static void protect(unsigned long pages)
{
    arena_make(3 * pages + 2);
    unsigned char *p = map_at(1, 3 * pages, READ_WRITE);
    fill(p, 3 * pages, 5);
    touch_watch();
    said("the middle read-only", raw_mprotect(page(1 + pages), pages * PAGE, PROT_READ));
    rows("three regions");
    printf("of its pages, in the TLB until now, %lu can be written\n", writable(page(1 + pages), pages));
    touch("write before it", WRITE, page(1 + pages) - 1, page(1 + pages));
    touch("write to it", WRITE, page(1 + pages) + 3, page(1 + pages));
    touch("read of it", READ, page(1 + pages) + 3, page(1 + pages));
    touch("write behind it", WRITE, page(1 + 2 * pages), page(1 + 2 * pages));
    said("the first third, too", raw_mprotect(page(1), pages * PAGE, PROT_READ));
    rows("two regions");
    said("everything without access", raw_mprotect(page(1), 3 * pages * PAGE, PROT_NONE));
    rows("one with what is around it");
    touch("read of it", READ, page(2), page(2));
    said("everything as before", raw_mprotect(page(1), 3 * pages * PAGE - 5, READ_WRITE));
    rows("one region");
    printf("bytes lost: %lu\n", other(p, pages, 5) - 1 + other(page(1 + pages), pages, 5) +
                                    other(page(1 + 2 * pages), pages, 5) - 1);
    touch("write to what was read-only", WRITE, page(1 + pages) + 3, page(1 + pages));
}

/* A hole: what lies before it is changed, then it is reported, and what lies behind it stays. */
static void protect_hole(unsigned long pages)
{
    arena_make(3 * pages + 2);
    fill(map_at(1, 3 * pages, READ_WRITE), 3 * pages, 5);
    raw_munmap(page(1 + pages), pages * PAGE);
    touch_watch();
    said("read-only, over a hole", raw_mprotect(page(1), 3 * pages * PAGE, PROT_READ));
    rows("before it");
    touch("write before the hole", WRITE, page(pages), page(1));
    touch("write behind it", WRITE, page(1 + 2 * pages), page(1));
    said("it begins in the hole", raw_mprotect(page(pages + 1), 2 * pages * PAGE, PROT_READ));
    rows("nothing happened");
    said("it ends in the hole", raw_mprotect(page(1), (pages + 1) * PAGE, READ_WRITE));
    rows("before it");
}

/* ---- refusals ---- */

static void refused(unsigned long number)
{
    const char *path = "/tmp/lab5.tmp";
    int file = open(path, O_RDONLY | O_CREAT | O_TRUNC, 0600);

    if (file < 0 || unlink(path) < 0)
        fail(path);
    arena_make(8);
    unsigned char *p = map_at(2, 4, READ_WRITE);
    said("munmap, not aligned", raw_munmap(p + number, PAGE));
    said("munmap of nothing", raw_munmap(p, 0));
    said("munmap of what wraps around", raw_munmap(p, ~0UL - number));
    said("munmap beyond the user's half", raw_munmap((void *)0x7ffffffff000, 2 * PAGE));
    said("munmap there", raw_munmap((void *)(0x800000000000 + number * PAGE), PAGE));
    said("mprotect, not aligned", raw_mprotect(p + number, PAGE, PROT_READ));
    said("mprotect of nothing", raw_mprotect(p, 0, PROT_READ));
    said("mprotect of what wraps around", raw_mprotect(p, ~0UL - number, PROT_READ));
    raw_munmap(page(1), PAGE);
    said("mprotect where nothing is", raw_mprotect(page(1), PAGE, PROT_READ));
    map_at(1, 1, PROT_NONE);
    said("mmap of nothing", raw_mmap(NULL, 0, READ_WRITE, ANONYMOUS, -1, 0));
    said("mmap of more than there are addresses",
         raw_mmap(NULL, (number + 1) << 47, READ_WRITE, ANONYMOUS | MAP_NORESERVE, -1, 0));
    said("mmap, neither shared nor private", raw_mmap(NULL, PAGE, READ_WRITE, MAP_ANONYMOUS, -1, 0));
    said("mmap, fixed, not aligned", raw_mmap(p + number, PAGE, READ_WRITE, ANONYMOUS | MAP_FIXED, -1, 0));
    said("mmap, fixed, beyond the user's half",
         raw_mmap((void *)0x7ffffffff000, PAGE, READ_WRITE, ANONYMOUS | MAP_FIXED, -1, 0));
    said("mmap, no replacing", raw_mmap(p, PAGE, READ_WRITE, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    said("mmap of a file, from within a page",
         raw_mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, (long)number));

    long shared = raw_mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0);
    said("mmap of a file that may only be read, shared", shared);
    said("mprotect of it, to write", raw_mprotect((void *)shared, PAGE, READ_WRITE));

    struct rlimit limit = {.rlim_cur = 64UL << 20, .rlim_max = RLIM_INFINITY};
    setrlimit(RLIMIT_AS, &limit);
    said("mmap beyond the limit of addresses", raw_mmap(NULL, 64UL << 20, READ_WRITE, ANONYMOUS, -1, 0));
    limit.rlim_cur = RLIM_INFINITY;
    setrlimit(RLIMIT_AS, &limit);
    rows("after all of these");
    touch_watch();
    touch("what was there can be written", WRITE, p, p);
}

int main(int argc, char **argv)
{
    static const struct task tasks[] = {
        {"place", place},     {"hole", hole},       {"stale", stale},       {"fixed", fixed},
        {"offsets", offsets}, {"protect", protect}, {"over", protect_hole}, {"refused", refused},
    };

    return lab_main(tasks, MANY(tasks), argc, argv);
}
