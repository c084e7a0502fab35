/* SPDX-License-Identifier: MIT */
/* swapping.c - pages that leave for the swap disk and come back, in a guest that has one (scripts/guest --swap).
 *
 *     swapping facts             what MADV_PAGEOUT does to a page, and who sees it: a line for each fact
 *     swapping crowd MIB SEED    processes that together write MIB, forking meanwhile, and check every page again and again */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>

#include "../../guest/smaps.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)
#define PAGES 16UL

static long major_faults(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_majflt;
}

static long status_kb(const char *path, const char *field)
{
    smaps_read(path);
    char *value = strstr(smaps_text, field);
    return value ? strtol(value + strlen(field), NULL, 10) : -1;
}

static long swap_used_kb(void)
{
    return status_kb("/proc/meminfo", "SwapTotal:") - status_kb("/proc/meminfo", "SwapFree:");
}

static uint64_t pagemap(const void *at)
{
    uint64_t entry = 0;
    int file = open("/proc/self/pagemap", O_RDONLY);

    if (pread(file, &entry, sizeof(entry), (off_t)((uintptr_t)at / PAGE * sizeof(entry))) != sizeof(entry))
        entry = 0;
    close(file);
    return entry;
}

/* A region of its own row; page i holds i + 1 everywhere. */
static unsigned char *region(int flags, int file)
{
    unsigned char *guard = mmap(NULL, (PAGES + 2) * PAGE, PROT_NONE, ANON, -1, 0);
    unsigned char *at = mmap(guard + PAGE, PAGES * PAGE, RW, flags | MAP_FIXED, file, 0);

    for (size_t i = 0; i < PAGES; i++)
        memset(at + i * PAGE, (int)i + 1, PAGE);
    return at;
}

static long wrong_pages(const unsigned char *at)
{
    long wrong = 0;

    for (size_t i = 0; i < PAGES; i++)
        wrong += at[i * PAGE] != i + 1 || memcmp(at + i * PAGE, at + i * PAGE + 1, PAGE - 1) != 0;
    return wrong;
}

static long page_out(void *at)
{
    errno = 0;
    return madvise(at, PAGES * PAGE, MADV_PAGEOUT);
}

static void one_region(void)
{
    unsigned char *at = region(ANON, -1), core[PAGES];
    long before = swap_used_kb(), faults;

    expect("PAGEOUT", page_out(at), 0);
    expect("Rss", smaps_kb(at, "Rss:"), 0);
    expect("Swap", smaps_kb(at, "Swap:"), 64);
    expect("SwapPss", smaps_kb(at, "SwapPss:"), 64);
    expect("Anonymous", smaps_kb(at, "Anonymous:"), 0);
    expect("the machine's, at least", swap_used_kb() - before >= 64, 1);
    expect("VmSwap, at least", status_kb("/proc/self/status", "VmSwap:") >= 64, 1);
    expect("pagemap: swapped", (long)(pagemap(at) >> 62), 1);
    expect("pagemap: the next slot", (long)((pagemap(at + PAGE) - pagemap(at)) >> 5), 1);
    mincore(at, PAGES * PAGE, core);
    expect("mincore", core[0] & 1, 0);
    faults = major_faults();
    expect("a byte of the first", at[5], 1);
    expect("major faults", major_faults() - faults, 1);
    expect("Rss: it and seven behind it", smaps_kb(at, "Rss:"), 32);
    at[9 * PAGE] = 77;
    expect("major faults of a write", major_faults() - faults, 2);
    expect("Swap: before it stays", smaps_kb(at, "Swap:"), 4);
    at[9 * PAGE] = 10;
    expect("wrong pages", wrong_pages(at), 0);
    page_out(at);
    munmap(at, PAGES * PAGE);
    expect("munmap gives slots back", swap_used_kb(), before);
}

static void child_looks(void *argument)
{
    unsigned char *at = argument;

    expect("child: Swap", smaps_kb(at, "Swap:"), 64);
    expect("child: SwapPss", smaps_kb(at, "SwapPss:"), 32);
    memset(at, 99, PAGE);
    expect("child: Swap after a write", smaps_kb(at, "Swap:"), 32);
    at[0] = at[1] = 1;
    memset(at, 1, PAGE);
    _exit(wrong_pages(at) != 0 || check_failures != 0);
}

static void child_reads(void *at)
{
    _exit(wrong_pages(at) != 0);
}

static void after_fork(void)
{
    unsigned char *at = region(ANON, -1);
    long before = swap_used_kb();

    page_out(at);
    expect("child with its parent's slots", in_child(child_looks, at), 0);
    expect("parent's page is its own", at[0], 1);
    expect("wrong pages", wrong_pages(at), 0);
    page_out(at);
    for (int i = 0; i < 20; i++)
        check_failures += in_child(child_reads, at) != 0;
    expect("wrong pages after 20 children", wrong_pages(at), 0);
    munmap(at, PAGES * PAGE);
    expect("all slots are back", swap_used_kb() <= before, 1);
}

static void other_regions(void)
{
    unsigned char *at = region(ANON, -1), copy[64];
    int memory = open("/proc/self/mem", O_RDWR);

    page_out(at);
    mprotect(at, PAGES * PAGE, PROT_NONE);
    expect("read of PROT_NONE by /proc/self/mem", pread(memory, copy, 64, (off_t)(uintptr_t)(at + 3 * PAGE)),
           64);
    expect("its byte", copy[7], 4);
    mprotect(at, PAGES * PAGE, PROT_READ);
    expect("write to PROT_READ by /proc/self/mem",
           pwrite(memory, copy, 64, (off_t)(uintptr_t)(at + 12 * PAGE)), 64);
    expect("its byte", at[12 * PAGE + 63], 4);
    mprotect(at, PAGES * PAGE, RW);
    memset(at + 12 * PAGE, 13, PAGE);
    expect("wrong pages", wrong_pages(at), 0);

    page_out(at);
    unsigned char *moved =
        mremap(at, PAGES * PAGE, PAGES * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at + (64UL << 20));
    expect("moved: Swap", smaps_kb(moved, "Swap:"), 64);
    expect("moved: wrong pages", wrong_pages(moved), 0);

    page_out(moved);
    madvise(moved, PAGE, MADV_DONTNEED);
    expect("DONTNEED: zeros", moved[9], 0);
    memset(moved, 1, PAGE);
    mlock(moved, PAGES * PAGE);
    expect("mlock fetches: Swap", smaps_kb(moved, "Swap:"), 0);
    expect_error("PAGEOUT of what is locked", page_out(moved), EINVAL);
    munlock(moved, PAGES * PAGE);
    expect("wrong pages", wrong_pages(moved), 0);
    munmap(moved, PAGES * PAGE);
    close(memory);
}

static void calls_and_files(void)
{
    unsigned char *at = region(ANON, -1), *shared, *private;
    int ends[2], file = open("/tmp/swapping", O_RDWR | O_CREAT | O_TRUNC, 0600);

    expect("pipe", pipe(ends), 0);
    page_out(at);
    expect("write from a swapped page", write(ends[1], at + 2 * PAGE + 100, 3000), 3000);
    page_out(at);
    expect("read into one", read(ends[0], at + 6 * PAGE, 3000), 3000);
    expect("its byte", at[6 * PAGE + 2999], 3);
    expect("and behind", at[6 * PAGE + 3000], 7);
    memset(at + 6 * PAGE, 7, PAGE);
    expect("wrong pages", wrong_pages(at), 0);
    expect("write of all", write(file, at, PAGES * PAGE), (long)(PAGES * PAGE));

    private = region(MAP_PRIVATE, file);
    private[0] = 42;
    page_out(private);
    expect("private copies of a file: Swap", smaps_kb(private, "Swap:"), 64);
    expect("their byte", private[0], 42);
    private[0] = 1;
    expect("wrong pages", wrong_pages(private), 0);

    shared = region(MAP_SHARED, file);
    expect("PAGEOUT of a file's own pages", page_out(shared), 0);
    expect("they stay: Rss", smaps_kb(shared, "Rss:"), 64);
    expect("wrong pages", wrong_pages(shared), 0);
    unlink("/tmp/swapping");
}

/* ---- a crowd ---- */

static uint64_t random_state;

static uint64_t pick(uint64_t limit)
{
    random_state ^= random_state >> 12, random_state ^= random_state << 25,
        random_state ^= random_state >> 27;
    return random_state * 2685821657736338717UL % limit;
}

/* A page's words say whose it is, which, and how often it was written. */
static void page_fill(uint64_t *page, uint64_t who, uint64_t index, uint64_t times)
{
    for (size_t i = 0; i < PAGE / sizeof(*page); i += 2) {
        page[i] = who << 48 | index << 16 | times;
        page[i + 1] = ~page[i] * (i + 1);
    }
}

static bool page_is(const uint64_t *page, uint64_t who, uint64_t index, uint64_t times)
{
    for (size_t i = 0; i < PAGE / sizeof(*page); i += 2)
        if (page[i] != (who << 48 | index << 16 | times) || page[i + 1] != ~page[i] * (i + 1))
            return false;
    return true;
}

static uint64_t *memory;
static uint8_t *times; /* of each page */
static uint64_t pages;

/* => how many pages are not as they were written */
static uint64_t all_wrong(uint64_t who)
{
    uint64_t wrong = 0;

    for (uint64_t i = 0; i < pages; i++)
        wrong += !page_is(memory + i * (PAGE / 8), times[i] ? who : 0, times[i] ? i : 0, times[i]) &&
                 (times[i] || memory[i * (PAGE / 8)] != 0);
    return wrong;
}

static uint64_t grandchild(uint64_t who)
{
    uint64_t wrong = all_wrong(who);

    for (uint64_t i = 0; i < pages; i += 3) /* its copies are its own */
        page_fill(memory + i * (PAGE / 8), 7, i, 3);
    return wrong;
}

static int member(uint64_t who, uint64_t seed)
{
    uint64_t wrong = 0;

    random_state = seed * 0x9e3779b97f4a7c15UL + who;
    memory = mmap(NULL, pages * PAGE, RW, ANON, -1, 0);
    times = mmap(NULL, pages, RW, ANON, -1, 0);
    for (int round = 0; round < 4; round++) {
        for (uint64_t i = 0; i < pages; i++) {
            uint64_t index = round == 0 ? i : pick(pages);
            if (times[index] && !page_is(memory + index * (PAGE / 8), who, index, times[index]))
                wrong++;
            page_fill(memory + index * (PAGE / 8), who, index, ++times[index]);
        }
        pid_t child = fork();
        int status;
        if (child == 0)
            _exit(grandchild(who) != 0);
        if (pick(2))
            wrong += all_wrong(who);
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
            say("fork: %s, status %d", child < 0 ? error_name(errno) : "0", status);
            wrong++;
        }
    }
    wrong += all_wrong(who);
    if (wrong)
        say("member %d: %d wrong", (int)who, (int)wrong);
    return wrong != 0;
}

static void crowd(uint64_t bytes, uint64_t seed)
{
    int status, members = 3;

    pages = bytes / PAGE / (uint64_t)members;
    for (int who = 1; who <= members; who++)
        if (fork() == 0)
            _exit(member((uint64_t)who, seed));
    for (int who = 1; who <= members; who++) {
        wait(&status);
        expect("a member's status", status, 0);
    }
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "crowd") == 0) {
        crowd(strtoul(argv[2], NULL, 0) << 20, strtoul(argv[3], NULL, 0));
    } else {
        one_region();
        after_fork();
        other_regions();
        calls_and_files();
    }
    return finish();
}
