/* SPDX-License-Identifier: MIT */
/* regions.c - lab 3: the break, and regions that are found, placed, split and merged, as /proc/self/maps shows them.
 *
 * Nothing here allocates: the break is this program's own. */
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "lab.h"

#define WINDOW 64UL /* pages of the place in which regions are looked at */

/* ---- what the kernel says ---- */

/* Calls visit() with each line of a file in /proc. */
static void each_line(const char *path, void (*visit)(const char *line, void *state), void *state)
{
    static char text[4096];
    size_t have = 0;
    ssize_t got;
    int file = open(path, O_RDONLY);

    if (file < 0)
        fail(path);
    while ((got = read(file, text + have, sizeof(text) - 1 - have)) > 0) {
        char *line = text, *end;
        have += (size_t)got;
        text[have] = 0;
        for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
            *end = 0;
            visit(line, state);
        }
        have -= (size_t)(line - text);
        memmove(text, line, have);
    }
    close(file);
}

struct region {
    unsigned long start, end;
    char prot[5];
};

static bool region_parse(const char *line, struct region *region)
{
    char *at;

    region->start = strtoul(line, &at, 16);
    if (at == line || *at != '-')
        return false;
    region->end = strtoul(at + 1, &at, 16);
    memcpy(region->prot, at + 1, 4);
    region->prot[4] = 0;
    return true;
}

struct heap {
    unsigned long kib, rows, rss;
    bool here;
};

static void heap_line(const char *line, void *state)
{
    struct heap *heap = state;
    struct region region;

    if (region_parse(line, &region)) {
        heap->here = strstr(line, "[heap]") != NULL;
        if (heap->here) {
            heap->kib += (region.end - region.start) >> 10;
            heap->rows++;
        }
    } else if (heap->here && strncmp(line, "Rss:", 4) == 0) {
        heap->rss += strtoul(line + 4, NULL, 10);
    }
}

static struct heap heap_now(void)
{
    struct heap heap = {0};

    each_line("/proc/self/smaps", heap_line, &heap);
    return heap;
}

struct window {
    unsigned long start, end, rows;
    bool show;
};

static void window_line(const char *line, void *state)
{
    struct window *window = state;
    struct region region;

    if (!region_parse(line, &region) || region.end <= window->start || region.start >= window->end)
        return;
    window->rows++;
    if (window->show)
        printf("  page %lu, %lu pages, %s\n", (region.start - window->start) / PAGE,
               (region.end - region.start) / PAGE, region.prot);
}

/* The regions that lie in the window: their number, and a line for each. */
static void window_show(const char *what, const unsigned char *p, unsigned long pages)
{
    struct window window = {.start = (unsigned long)p, .end = (unsigned long)p + pages * PAGE};

    each_line("/proc/self/maps", window_line, &window);
    printf("%s: %lu regions\n", what, window.rows);
    window.show = true;
    each_line("/proc/self/maps", window_line, &window);
}

/* ---- the break ---- */

static unsigned char *brk_start;

/* brk itself: => the break that is in force afterwards, as its distance from the beginning */
static long brk_set(long offset)
{
    return (unsigned char *)syscall(SYS_brk, brk_start + offset) - brk_start;
}

static void brk_begin(void)
{
    brk_start = (unsigned char *)syscall(SYS_brk, 0);
}

static void brk_said(long offset)
{
    long now = brk_set(offset);
    struct heap heap = heap_now();

    printf("brk to %+ld: the break is at %+ld; the heap: %lu KiB, %lu rows\n", offset, now, heap.kib,
           heap.rows);
}

/* To any byte; the heap is whole pages, and one region. */
static void steps(unsigned long bytes)
{
    long step = (long)bytes;

    brk_begin();
    brk_said(1);
    for (int i = 1; i <= 4; i++)
        brk_said(i * step);
    brk_said(32 * (long)PAGE);
    brk_said(32 * (long)PAGE + 1);
    brk_said(2 * step);
    brk_said(step);
    brk_said(0);
    brk_said(5 * step);
}

/* The pages that the break leaves behind are gone, with what was in them; the others stay. */
static void shrink(unsigned long pages)
{
    unsigned long strange = 0, all = 2 * pages;

    brk_begin();
    touch_watch();
    brk_set((long)(all * PAGE));
    for (unsigned long i = 0; i < all; i++)
        brk_start[i * PAGE] = (unsigned char)(i + 1);
    printf("%lu pages written: %lu KiB resident\n", all, heap_now().rss);
    brk_set((long)(pages * PAGE - 100));
    printf("the break at half of it: %lu KiB resident\n", heap_now().rss);
    touch("a write in the last page", WRITE, brk_start + pages * PAGE - 1, brk_start);
    touch("behind it", WRITE, brk_start + pages * PAGE, brk_start);
    brk_set((long)(all * PAGE));
    for (unsigned long i = 0; i < all; i++)
        strange += brk_start[i * PAGE] != (i < pages ? (unsigned char)(i + 1) : 0);
    printf("back again: %lu pages with other bytes than expected\n", strange);
}

/* sbrk(100 MB) is a promise. */
static void sbrk100m(unsigned long pages)
{
    const unsigned long all = 100000000;

    brk_begin();
    printf("brk to +%lu: the break is at %+ld\n", all, brk_set((long)all));
    printf("the heap: %lu KiB, %lu KiB resident\n", heap_now().kib, heap_now().rss);
    for (unsigned long i = 0; i < pages; i++)
        brk_start[i * (all / pages)] = 1;
    printf("%lu bytes written, far apart: %lu KiB resident\n", pages, heap_now().rss);
}

/* What has pages, and what has none. */
static void pages(unsigned long count)
{
    sbrk100m(count);
    brk_set(0);
    shrink(count);
}

/* What is in the way, or below the start, or beyond all addresses: the break stays. */
static void in_the_way(unsigned long pages)
{
    unsigned char local;
    long distance = (long)((pages + 5) * PAGE);

    brk_begin();
    brk_said((long)(2 * PAGE + 5));
    brk_said(-1);
    printf("brk to the stack: %+ld\n", brk_set(&local - brk_start));
    printf("brk to the last address: %+ld\n", brk_set(-1 - (long)brk_start));
    printf("brk beyond user addresses: %+ld\n", brk_set((1L << 47) - (long)brk_start));
    unsigned char *other =
        mmap(brk_start + distance, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (other == MAP_FAILED)
        fail("mmap");
    printf("another region at %+ld\n", distance);
    brk_said(distance + 1);
    brk_said(distance);
    brk_said(distance - (long)PAGE + 1);
    brk_said(distance - (long)PAGE);
    munmap(other, PAGE);
    brk_said(distance);
}

static void limited(int which, const char *name, unsigned long bytes, unsigned long more)
{
    struct rlimit old, limit;

    brk_set(0);
    getrlimit(which, &old);
    limit = old;
    limit.rlim_cur = bytes + more;
    if (setrlimit(which, &limit) < 0)
        fail(name);
    /* the largest break that is granted, to a page */
    unsigned long granted = 0, least = 0, most = 2 * more / PAGE;
    while (least <= most) {
        unsigned long middle = (least + most) / 2;
        if (brk_set((long)(middle * PAGE)) == (long)(middle * PAGE)) {
            granted = middle;
            least = middle + 1;
        } else if (middle == 0) {
            break;
        } else {
            most = middle - 1;
        }
    }
    printf("%s, %lu KiB more than now: the break moves by %lu KiB", name, more >> 10, granted * PAGE >> 10);
    brk_set((long)(granted * PAGE));
    printf(", a page more: %+ld", brk_set((long)((granted + 1) * PAGE)));
    printf(", a page less: %+ld\n", brk_set((long)((granted - 1) * PAGE)));
    setrlimit(which, &old);
}

static void size_line(const char *line, void *state)
{
    unsigned long *kib = state;

    if (strncmp(line, "VmSize:", 7) == 0)
        kib[0] = strtoul(line + 7, NULL, 10);
    if (strncmp(line, "VmData:", 7) == 0)
        kib[1] = strtoul(line + 7, NULL, 10);
}

/* Address space and data have limits; data counts what the program brought along. */
static void limits(unsigned long pages)
{
    unsigned long kib[2] = {0};

    brk_begin();
    each_line("/proc/self/status", size_line, kib);
    limited(RLIMIT_AS, "RLIMIT_AS", kib[0] << 10, pages * PAGE);
    limited(RLIMIT_DATA, "RLIMIT_DATA", kib[1] << 10, pages * PAGE);
}

static void refused(unsigned long count)
{
    in_the_way(count);
    limits(count);
}

/* ---- regions ---- */

static unsigned char *map_at(unsigned char *p, unsigned long pages, int prot)
{
    p = mmap(p, pages * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (p ? MAP_FIXED : 0), -1, 0);
    if (p == MAP_FAILED)
        fail("mmap");
    return p;
}

/* A place with a hole on both sides, so that nothing else touches it. */
static unsigned char *window_new(void)
{
    unsigned char *p = map_at(NULL, WINDOW + 2, PROT_NONE);

    munmap(p, (WINDOW + 2) * PAGE);
    return p + PAGE;
}

/* One region becomes two or three when a part of it is to be different. */
static void split(unsigned long seed)
{
    unsigned char *p = map_at(window_new(), WINDOW, PROT_READ | PROT_WRITE);
    unsigned long at = 1 + seed % 20, length = 1 + seed / 20 % 20, sum = 0;

    for (unsigned long i = 0; i < WINDOW; i++)
        p[i * PAGE] = (unsigned char)(i + 1);
    window_show("one mapping", p, WINDOW);
    mprotect(p + at * PAGE, length * PAGE, PROT_READ);
    window_show("its middle read-only", p, WINDOW);
    mprotect(p, PAGE, PROT_NONE);
    window_show("its first page closed", p, WINDOW);
    munmap(p + (WINDOW - 4) * PAGE, 2 * PAGE);
    window_show("a hole near its end", p, WINDOW);
    munmap(p + (at + length - 1) * PAGE, 2 * PAGE);
    window_show("a hole over an edge", p, WINDOW);
    munmap(p + 2 * PAGE, (WINDOW - 4) * PAGE);
    window_show("all but the ends gone", p, WINDOW);
    mprotect(p, PAGE, PROT_READ);
    sum = p[0] + p[PAGE] + p[(WINDOW - 2) * PAGE] + p[(WINDOW - 1) * PAGE];
    printf("the bytes that are left: %lu\n", sum);
}

/* Neighbours that are alike become one. (Nothing is touched: what has pages Linux may keep apart.) */
static void neighbours(unsigned long seed)
{
    unsigned char *p = window_new();
    unsigned long at = 1 + seed % 20, length = 1 + seed / 20 % 20;

    map_at(p, at, PROT_READ | PROT_WRITE);
    map_at(p + (at + length) * PAGE, 5, PROT_READ | PROT_WRITE);
    window_show("two, and a hole", p, WINDOW);
    map_at(p + at * PAGE, length, PROT_READ | PROT_WRITE);
    window_show("the hole filled", p, WINDOW);
    map_at(p + (at + length + 5) * PAGE, 3, PROT_READ);
    window_show("a read-only neighbour", p, WINDOW);
    mprotect(p + at * PAGE, length * PAGE, PROT_READ);
    window_show("the middle read-only", p, WINDOW);
    mprotect(p + at * PAGE, length * PAGE, PROT_READ | PROT_WRITE);
    window_show("and writable again", p, WINDOW);
    mprotect(p + (at + length) * PAGE, 5 * PAGE, PROT_READ);
    window_show("the next five, too, are read-only", p, WINDOW);
    munmap(p, PAGE);
    map_at(p, 1, PROT_READ | PROT_WRITE);
    window_show("the first page mapped anew", p, WINDOW);
}

static void file_map(unsigned char *p, int file, unsigned long pages, unsigned long first)
{
    if (mmap(p, pages * PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, (off_t)(first * PAGE)) != p)
        fail("mmap");
}

/* A file's pages keep their place in the file when regions are split; only what follows in the file, too, is merged. */
static void files(unsigned long seed)
{
    const char *path = "/tmp/lab3.tmp";
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    unsigned char *p = window_new();
    unsigned long at = 2 + seed % 20, strange = 0;

    if (file < 0 || unlink(path) < 0)
        fail(path);
    for (unsigned long i = 0; i < WINDOW; i++) {
        unsigned char byte = (unsigned char)(i + 1);
        if (pwrite(file, &byte, 1, (off_t)(i * PAGE)) != 1)
            fail("pwrite");
    }
    file_map(p, file, WINDOW, 0);
    mprotect(p + at * PAGE, 2 * PAGE, PROT_NONE);
    mprotect(p + at * PAGE, PAGE, PROT_READ);
    window_show("one page of a file closed", p, WINDOW);
    munmap(p + (at - 1) * PAGE, 4 * PAGE);
    window_show("a hole", p, WINDOW);
    for (unsigned long i = 0; i < WINDOW; i++)
        strange += (i < at - 1 || i > at + 2) && p[i * PAGE] != (unsigned char)(i + 1);
    printf("pages that show another page of the file: %lu\n", strange);
    file_map(p + (at - 1) * PAGE, file, 4, at);
    window_show("filled with the wrong pages", p, WINDOW);
    file_map(p + (at - 1) * PAGE, file, 4, at - 1);
    window_show("filled with the right ones", p, WINDOW);
}

static void merge(unsigned long seed)
{
    neighbours(seed);
    files(seed);
}

/* Many regions: each is found, and each hole, too. */
static void many(unsigned long count)
{
    unsigned char *p = map_at(NULL, 3 * count, PROT_READ | PROT_WRITE);
    unsigned long sum = 0;

    touch_watch();
    for (unsigned long i = 0; i < count; i++) {
        mprotect(p + 3 * i * PAGE, PAGE, PROT_READ);
        munmap(p + (3 * i + 2) * PAGE, PAGE);
    }
    struct window window = {.start = (unsigned long)p, .end = (unsigned long)p + 3 * count * PAGE};
    each_line("/proc/self/maps", window_line, &window);
    printf("%lu regions\n", window.rows);
    for (unsigned long i = 0; i < count; i++)
        p[(3 * (i * 7919 % count) + 1) * PAGE] = 1;
    for (unsigned long i = 0; i < count; i++)
        sum += p[(3 * i + 1) * PAGE];
    printf("a byte in each that is writable: %lu\n", sum);
    for (unsigned long i = 0; i < 4; i++) {
        unsigned char *at = p + 3 * (i * 7919 % count) * PAGE;
        touch("write where it is read-only", WRITE, at, at);
        touch("write into a hole", WRITE, at + 2 * PAGE, at);
    }
}

/* A mapping without a wish goes to the highest place that is large enough. */
static void holes(unsigned long seed)
{
    enum { BLOCK = 400, HOLES = 6 };
    static unsigned long sizes[HOLES];
    unsigned char *p, *one;

    for (unsigned long i = 0; i < HOLES; i++)
        sizes[i] = 1 + (seed >> (2 * i)) % 8;
    p = map_at(NULL, BLOCK, PROT_READ);
    while ((one = map_at(NULL, 1, PROT_READ | PROT_WRITE)) > p) /* what is free above is filled */
        continue;
    munmap(one, PAGE);
    for (unsigned long i = 0; i < HOLES; i++) {
        munmap(p + (50 * i + 50) * PAGE, sizes[i] * PAGE);
        printf("a hole of %lu pages at page %lu\n", sizes[i], 50 * i + 50);
    }
    for (unsigned long wanted = 8; wanted > 0; wanted--) {
        one = map_at(NULL, wanted, PROT_READ | PROT_WRITE);
        printf("%lu pages: ", wanted);
        if (one < p)
            printf("below all of it, %ld pages\n", (p - one) / (long)PAGE);
        else
            printf("at page %ld\n", (one - p) / (long)PAGE);
    }
}

static void place(unsigned long seed)
{
    many(seed / 8 + 100);
    holes(seed);
}

int main(int argc, char **argv)
{
    static const struct task tasks[] = {
        {"steps", steps}, {"pages", pages}, {"refused", refused},
        {"split", split}, {"place", place}, {"merge", merge},
    };

    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); /* pages of 4 KiB, so that their number can be told */
    return lab_main(tasks, MANY(tasks), argc, argv);
}
