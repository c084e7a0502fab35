/* SPDX-License-Identifier: MIT */
/* mm_faults.c - the prices: how many minor faults and resident pages each kind of touch costs, exactly.
 *
 * Everything runs twice and the second run counts, so that no fault of the program's own text or data is among them. */
#include <sys/mman.h>
#include <sys/resource.h>

#include "smaps.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)
#define PAGES 32L
#define PAGES_KB (PAGES * 4)

static bool counting;

static long faults(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
}

/* Touches every page. => the minor faults that it took */
static long touch(char *at, bool writing)
{
    long before = faults();

    for (long page = 0; page < PAGES; page++) {
        if (writing)
            write_byte(at + page * (long)PAGE);
        else
            read_byte(at + page * (long)PAGE);
    }
    return faults() - before;
}

static void fact(const char *what, long got, long wanted)
{
    if (counting)
        expect(what, got, wanted);
}

static void touches(char *at)
{
    fact("untouched, resident kB", smaps_kb(at, "Rss:"), 0);
    fact("first reads, faults", touch(at, false), PAGES);
    fact("first reads, resident kB", smaps_kb(at, "Rss:"), 0);
    fact("second reads, faults", touch(at, false), 0);
    fact("writes after reads, faults", touch(at, true), PAGES);
    fact("writes after reads, resident kB", smaps_kb(at, "Rss:"), PAGES_KB);
    fact("private and dirty, kB", smaps_kb(at, "Private_Dirty:"), PAGES_KB);
    fact("anonymous, kB", smaps_kb(at, "Anonymous:"), PAGES_KB);
    fact("second writes, faults", touch(at, true), 0);
    madvise(at, (size_t)PAGES * PAGE, MADV_DONTNEED);
    fact("dropped, resident kB", smaps_kb(at, "Rss:"), 0);
    fact("first writes, faults", touch(at, true), PAGES);
    fact("first writes, resident kB", smaps_kb(at, "Rss:"), PAGES_KB);
    fact("reads after writes, faults", touch(at, false), 0);
}

static void protections(char *at)
{
    mprotect(at, (size_t)PAGES * PAGE, PROT_NONE);
    fact("no access, resident kB", smaps_kb(at, "Rss:"), PAGES_KB);
    mprotect(at, (size_t)PAGES * PAGE, RW);
    fact("writes after no access, faults", touch(at, true), 0);
}

static void populated(void)
{
    char *guard = mmap(NULL, (size_t)(PAGES + 2) * PAGE, PROT_NONE, ANON, -1, 0);
    long before = faults();
    char *at = mmap(guard + PAGE, (size_t)PAGES * PAGE, RW, ANON | MAP_FIXED | MAP_POPULATE, -1, 0);

    fact("populated by mmap, faults", faults() - before, PAGES);
    fact("populated by mmap, resident kB", smaps_kb(at, "Rss:"), PAGES_KB);
    fact("writes after that, faults", touch(at, true), 0);
    munmap(guard, (size_t)(PAGES + 2) * PAGE);
}

static void one_run(void)
{
    char *guard = mmap(NULL, (size_t)(PAGES + 2) * PAGE, PROT_NONE, ANON, -1, 0);
    char *at = mmap(guard + PAGE, (size_t)PAGES * PAGE, RW, ANON | MAP_FIXED, -1, 0);

    touches(at);
    protections(at);
    munmap(guard, (size_t)(PAGES + 2) * PAGE);
    populated();
}

int main(void)
{
    one_run();
    counting = true;
    one_run();
    return finish();
}
