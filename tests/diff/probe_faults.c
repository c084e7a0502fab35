/* SPDX-License-Identifier: MIT */
/* probe_faults.c - how many minor faults each kind of touch costs. Every row is taken twice and printed the second time, so
 * that no fault of the program's own text, data or stack is among them. */
#include <fcntl.h>

#include "probe.h"

#define PAGES 24

static bool printing;
static long mark;

static void start(void)
{
    mark = minor_faults();
}

static void row(const char *what)
{
    long taken = minor_faults() - mark;

    if (printing)
        say("%s: %ld", what, taken);
    mark = minor_faults();
}

static void each(char *at, size_t pages, bool writing)
{
    for (size_t i = 0; i < pages; i++) {
        if (writing)
            write_byte(at + i * PAGE);
        else
            read_byte(at + i * PAGE);
    }
}

static void anonymous(void)
{
    char *at = island(PAGES);

    start();
    each(at, PAGES, false), row("anonymous, first reads");
    each(at, PAGES, true), row("writes after reads");
    mprotect(at, PAGES * PAGE, PROT_READ), mprotect(at, PAGES * PAGE, RW);
    row("mprotect to and fro");
    each(at, PAGES, true), row("writes after that");
    madvise(at, PAGES * PAGE, MADV_DONTNEED), row("DONTNEED");
    each(at, PAGES, true), row("first writes");
    madvise(at, PAGES / 2 * PAGE, MADV_DONTNEED);
    each(at, PAGES, false), row("reads, half of it dropped");
    mmap(at, PAGES * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    each(at, PAGES, true), row("writes after MAP_FIXED over it");
    mmap(at, PAGES * PAGE, RW, ANON | MAP_FIXED | MAP_POPULATE, -1, 0), row("MAP_POPULATE");
    mmap(at, PAGES * PAGE, PROT_READ, ANON | MAP_FIXED | MAP_POPULATE, -1, 0), row("MAP_POPULATE, read-only");
    munmap(at - PAGE, (PAGES + 2) * PAGE), row("munmap");
}

static void after_fork(void)
{
    char *at = island(PAGES);
    int status;

    each(at, PAGES, true);
    if (fork() == 0) {
        long before = minor_faults();
        each(at, PAGES, false);
        long reads = minor_faults() - before;
        each(at, PAGES, true);
        if (printing)
            say("child: reads %ld, writes %ld", reads, minor_faults() - before - reads);
        _exit(0);
    }
    wait(&status);
    start();
    each(at, PAGES, false), row("parent alone again, reads");
    each(at, PAGES, true), row("parent alone again, writes");
    each(at, PAGES, true), row("again");
    munmap(at - PAGE, (PAGES + 2) * PAGE);
}

static void the_break(void)
{
    char *at = (char *)syscall(SYS_brk, 0);

    syscall(SYS_brk, at + PAGES * PAGE);
    start();
    each((char *)(((uintptr_t)at + PAGE - 1) & -PAGE), PAGES - 1, true), row("heap, writes");
    syscall(SYS_brk, at + PAGE), row("heap shrinks");
    syscall(SYS_brk, at + PAGES * PAGE);
    each((char *)(((uintptr_t)at + PAGE - 1) & -PAGE) + PAGE, PAGES - 2, false),
        row("heap, grown again, reads");
    syscall(SYS_brk, at);
}

static void of_file(int flags, const char *what)
{
    int file = scratch_file(PAGES * PAGE);
    char *at = mmap(NULL, PAGES * PAGE, RW, flags, file, 0);
    char text[64];

    start();
    each(at, PAGES, true);
    snprintf(text, sizeof(text), "%s file, first writes", what), row(text);
    madvise(at, PAGES * PAGE, MADV_DONTNEED), row("DONTNEED");
    each(at, PAGES, true);
    snprintf(text, sizeof(text), "%s file, writes after that", what), row(text);
    munmap(at, PAGES * PAGE);
    at = mmap(NULL, PAGES * PAGE, RW, flags, file, 0);
    start();
    each(at, PAGES, false);
    snprintf(text, sizeof(text), "%s file, first reads", what), row(text);
    each(at, PAGES, true);
    snprintf(text, sizeof(text), "%s file, writes after reads", what), row(text);
    munmap(at, PAGES * PAGE);
    close(file);
}

static void shared_anonymous(void)
{
    char *at = mmap(NULL, PAGES * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    start();
    each(at, PAGES / 2, false), row("shared anonymous, first reads");
    each(at, PAGES, true), row("shared anonymous, writes");
    if (fork() == 0) {
        long before = minor_faults();
        each(at, PAGES, true);
        if (printing)
            say("shared anonymous, the child's writes: %ld", minor_faults() - before);
        _exit(0);
    }
    wait(NULL);
    munmap(at, PAGES * PAGE);
}

static void by_kernel(void)
{
    char *at = island(PAGES);
    int zero = open("/dev/zero", O_RDONLY), null = open("/dev/null", O_WRONLY);
    int ends[2];

    start();
    read(zero, at, PAGES / 2 * PAGE), row("read(2) into untouched memory");
    write(null, at + PAGES / 2 * PAGE, PAGE), row("write(2) of untouched memory to /dev/null");
    if (pipe(ends) == 0)
        write(ends[1], at + PAGES / 2 * PAGE, PAGE), row("write(2) of an untouched page to a pipe");
    close(zero), close(null), close(ends[0]), close(ends[1]);
    munmap(at - PAGE, (PAGES + 2) * PAGE);
}

static void stack(void)
{
    long before = minor_faults();
    char deep[PAGES * PAGE];

    for (long i = PAGES - 1; i >= 0; i--)
        write_byte(deep + i * (long)PAGE);
    say("stack, %d pages deeper than ever: %ld", PAGES, minor_faults() - before);
}

int main(void)
{
    stack();
    for (int round = 0; round < 2; round++) {
        printing = round == 1;
        anonymous();
        after_fork();
        the_break();
        of_file(MAP_PRIVATE, "private");
        of_file(MAP_SHARED, "shared");
        shared_anonymous();
        by_kernel();
    }
    return 0;
}
