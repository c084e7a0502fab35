/* SPDX-License-Identifier: MIT */
/* mm_fork.c - fork shares frames and copies them on write: contents, faults and the sharing that smaps shows. */
#include <sys/mman.h>
#include <sys/resource.h>

#include "smaps.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)
#define PAGES 16L

static bool counting;

static long faults(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
}

static void fact(const char *what, long got, long wanted)
{
    if (counting)
        expect(what, got, wanted);
}

static long write_pages(char *at, long pages, char value)
{
    long before = faults();

    for (long page = 0; page < pages; page++)
        ((volatile char *)at)[page * (long)PAGE] = value;
    return faults() - before;
}

static void child(char *at)
{
    write_pages(at + PAGES * (long)PAGE, 1,
                1); /* a page of its own: the code and the stack below are here now */
    fact("child, shared and dirty kB before", smaps_kb(at, "Shared_Dirty:"), 64);
    fact("child, Pss before", smaps_kb(at, "Pss:"), 32);
    fact("child writes 8 of 16, faults", write_pages(at, 8, 2), 8);
    fact("child, shared and dirty kB", smaps_kb(at, "Shared_Dirty:"), 32);
    fact("child, private and dirty kB", smaps_kb(at, "Private_Dirty:"), 32);
    fact("child, Rss", smaps_kb(at, "Rss:"), 64);
    fact("child, Pss", smaps_kb(at, "Pss:"), 48);
    fact("child reads its own", at[0], 2);
    fact("child reads the shared", at[15 * PAGE], 1);
    _exit(check_failures != 0);
}

static void one_run(void)
{
    char *guard = mmap(NULL, (size_t)(PAGES + 3) * PAGE, PROT_NONE, ANON, -1, 0);
    char *at = mmap(guard + PAGE, (size_t)PAGES * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    mmap(at + PAGES * (long)PAGE, PAGE, RW | PROT_EXEC, ANON | MAP_FIXED, -1, 0); /* another row */
    int status;

    write_pages(at, PAGES, 1);
    pid_t pid = fork();
    if (pid == 0)
        child(at);
    waitpid(pid, &status, 0);
    fact("child's status", status, 0);
    fact("parent reads its own", at[0], 1);
    fact("parent, private and dirty kB", smaps_kb(at, "Private_Dirty:"), 64);
    fact("parent writes all 16 after the child's end, faults", write_pages(at, PAGES, 3), 16);
    fact("parent writes again, faults", write_pages(at, PAGES, 4), 0);
    munmap(guard, (size_t)(PAGES + 3) * PAGE);
}

/* Children of children: the same page, ten levels deep, each with its own content. */
static void deep(int level, char *page)
{
    int status = 0;

    if (level == 10)
        _exit(page[0] == 9 ? 40 : 1);
    page[0] = (char)level;
    pid_t pid = fork();
    if (pid == 0)
        deep(level + 1, page);
    waitpid(pid, &status, 0);
    if (page[0] != level || !WIFEXITED(status))
        _exit(2);
    if (level > 0)
        _exit(WEXITSTATUS(status));
    expect("ten levels of fork, status of the last", WEXITSTATUS(status), 40);
}

int main(void)
{
    one_run();
    counting = true;
    one_run();
    deep(0, mmap(NULL, PAGE, RW, ANON, -1, 0));
    return finish();
}
