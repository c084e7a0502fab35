/* SPDX-License-Identifier: MIT */
/* mm_madvise.c - madvise(2): DONTNEED (the pages go, the promise stays), every other advice. mincore(2): what is there. */
#include <fcntl.h>
#include <sys/mman.h>

#include "smaps.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)

static long advise(void *address, size_t length, int advice)
{
    errno = 0;
    return syscall(SYS_madvise, address, length, advice);
}

static long in_core(void *address, size_t length, void *vector)
{
    errno = 0;
    return syscall(SYS_mincore, address, length, vector);
}

static void print_core(const char *what, char *at)
{
    unsigned char vector[8];
    char picture[9] = "";

    expect_error(what, in_core(at, 8 * PAGE, vector), 0);
    for (int i = 0; i < 8; i++)
        picture[i] = vector[i] & 1 ? '#' : '.';
    say("    %s", picture);
}

/* Each advice that Linux 6.1 knows on four kinds of memory: what is accepted, what is refused. */
static void every_advice(void)
{
    static const struct {
        int number;
        const char *name;
    } advices[] = {
        {MADV_NORMAL, "NORMAL"},
        {MADV_RANDOM, "RANDOM"},
        {MADV_SEQUENTIAL, "SEQUENTIAL"},
        {MADV_WILLNEED, "WILLNEED"},
        {MADV_DONTNEED, "DONTNEED"},
        {MADV_FREE, "FREE"},
        {MADV_DONTFORK, "DONTFORK"},
        {MADV_DOFORK, "DOFORK"},
        {MADV_MERGEABLE, "MERGEABLE"},
        {MADV_UNMERGEABLE, "UNMERGEABLE"},
        {MADV_HUGEPAGE, "HUGEPAGE"},
        {MADV_NOHUGEPAGE, "NOHUGEPAGE"},
        {MADV_DONTDUMP, "DONTDUMP"},
        {MADV_DODUMP, "DODUMP"},
        {MADV_WIPEONFORK, "WIPEONFORK"},
        {MADV_KEEPONFORK, "KEEPONFORK"},
        {MADV_COLD, "COLD"},
        {MADV_PAGEOUT, "PAGEOUT"},
        {22, "POPULATE_READ"},
        {23, "POPULATE_WRITE"},
        {24, "DONTNEED_LOCKED"},
        {5, "number 5"},
        {7, "number 7"},
        {26, "number 26"},
        {-1, "number -1"},
    };
    char *anonymous = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);
    char *shared = mmap(NULL, 4 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char *locked = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);
    char *file = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, open("/proc/self/exe", O_RDONLY), 0);

    mlock(locked, 4 * PAGE);
    for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++) {
        char *const at[] = {anonymous, shared, locked, file};
        char line[128] = "";
        for (int kind = 0; kind < 4; kind++) {
            strcat(line, " ");
            strcat(line, advise(at[kind], PAGE, advices[i].number) == 0 ? "done" : error_name(errno));
        }
        say("%s: anonymous, shared, locked, file:%s", advices[i].name, line);
    }
    munmap(anonymous, 4 * PAGE), munmap(shared, 4 * PAGE), munmap(locked, 4 * PAGE), munmap(file, PAGE);
}

static void reads_zero(void *address)
{
    _exit(*(char *)address != 0);
}

static void forks(void)
{
    char *at = mmap(NULL, 8 * PAGE, RW, ANON, -1, 0);

    memset(at, 5, 8 * PAGE);
    expect_error("not for children", advise(at + 2 * PAGE, 2 * PAGE, MADV_DONTFORK), 0);
    expect_error("empty for children", advise(at + 4 * PAGE, 2 * PAGE, MADV_WIPEONFORK), 0);
    print_rows("four rows", at, at + 8 * PAGE);
    expect("a child sees the first", WEXITSTATUS(in_child(reads_zero, at)), 1);
    expect_signal("the third is not there", reads_zero, at + 2 * PAGE, 11);
    expect_signal("the fifth is empty", reads_zero, at + 4 * PAGE, 0);
    expect_error("for children after all", advise(at, 8 * PAGE, MADV_DOFORK), 0);
    expect_error("and kept", advise(at, 8 * PAGE, MADV_KEEPONFORK), 0);
    print_rows("one row", at, at + 8 * PAGE);
    expect("a child sees the third", WEXITSTATUS(in_child(reads_zero, at + 2 * PAGE)), 1);
    expect("and the fifth", WEXITSTATUS(in_child(reads_zero, at + 4 * PAGE)), 1);
    munmap(at, 8 * PAGE);
}

static void populates(void)
{
    char *area = mmap(NULL, 16 * PAGE, PROT_NONE, ANON, -1, 0);
    char *at = mmap(area + 4 * PAGE, 8 * PAGE, RW, ANON | MAP_FIXED, -1, 0);

    expect_error("populate for reading", advise(at, 4 * PAGE, 22), 0);
    expect("resident kB", smaps_kb(at, "Rss:"), 0);
    expect_error("populate for writing", advise(at, 4 * PAGE, 23), 0);
    expect("resident kB", smaps_kb(at, "Rss:"), 16);
    expect_error("into what may not be touched", advise(at, 9 * PAGE, 23), EINVAL);
    expect("up to there, kB", smaps_kb(at, "Rss:"), 32);
    mprotect(at, PAGE, PROT_READ);
    expect_error("for writing, what may only be read", advise(at, PAGE, 23), EINVAL);
    expect_error("for reading, the same", advise(at, PAGE, 22), 0);
    munmap(at + 4 * PAGE, PAGE);
    expect_error("over a hole", advise(at, 8 * PAGE, 22), ENOMEM);
    int file = open("/proc/self/exe", O_RDONLY);
    char *beyond = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 1L << 40);
    expect_error("beyond the end of a file", advise(beyond, PAGE, 22), EFAULT);
}

int main(void)
{
    char *area = mmap(NULL, 32 * PAGE, PROT_NONE, ANON, -1, 0);
    char *at = mmap(area + 8 * PAGE, 8 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
    unsigned char vector[16];

    expect_error("advice: not aligned", advise(at + 1, PAGE, MADV_DONTNEED), EINVAL);
    expect_error("advice: unknown", advise(at, PAGE, 12345), EINVAL);
    expect_error("advice: length 0", advise(at, 0, MADV_DONTNEED), 0);
    expect_error("advice: length wraps around", advise(at, ~0UL, MADV_DONTNEED), EINVAL);
    expect_error("advice: nothing special", advise(at, PAGE, MADV_NORMAL), 0);
    expect_error("core: not aligned", in_core(at + 1, PAGE, vector), EINVAL);
    expect_error("core: length 0", in_core(at, 0, vector), 0);
    expect_error("core: bad vector", in_core(at, PAGE, NULL), EFAULT);
    expect_error("core: the kernel's vector", in_core(at, PAGE, (void *)0xffff888000000000), EFAULT);

    print_core("untouched", at);
    at[0] = at[2 * PAGE] = 3;
    read_byte(at + 5 * PAGE);
    print_core("written 0 and 2, read 5", at);
    expect("resident kB", smaps_kb(at, "Rss:"), 8);

    memset(at, 4, 8 * PAGE);
    expect("all written, resident kB", smaps_kb(at, "Rss:"), 32);
    expect_error("drop 2 to 4", advise(at + 2 * PAGE, 2 * PAGE + 1, MADV_DONTNEED), 0);
    print_core("dropped", at);
    expect("resident kB", smaps_kb(at, "Rss:"), 20);
    expect("a dropped page reads zero", at[3 * PAGE], 0);
    expect("its neighbour does not", at[PAGE], 4);
    expect("one row", print_rows("advised", at, at + 8 * PAGE), 1);

    memset(at, 6, 8 * PAGE);
    munmap(at + 3 * PAGE, PAGE);
    expect_error("drop over a hole", advise(at, 8 * PAGE, MADV_DONTNEED), ENOMEM);
    expect("before the hole: dropped", at[0], 0);
    expect("behind the hole: dropped too", at[4 * PAGE], 0);
    expect_error("core over a hole", in_core(at, 8 * PAGE, vector), ENOMEM);
    munmap(at, 8 * PAGE);

    every_advice();
    forks();
    populates();
    return finish();
}
