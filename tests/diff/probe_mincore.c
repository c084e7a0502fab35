/* SPDX-License-Identifier: MIT */
/* probe_mincore.c - which pages are resident after what: mincore's vector as a row of 0 and 1. */
#include <fcntl.h>

#include "probe.h"

#define PAGES 8

static void vector(const char *what, char *at)
{
    unsigned char pages[PAGES];
    char text[PAGES + 1] = {0};

    if (mincore(at, PAGES * PAGE, pages) != 0) {
        say("%s: %s", what, error_name(errno));
        return;
    }
    for (int i = 0; i < PAGES; i++)
        text[i] = (char)('0' + (pages[i] & 1));
    say("%s: %s", what, text);
}

static void anonymous(void)
{
    char *at = island(PAGES);

    vector("anonymous, untouched", at);
    read_byte(at + 1 * PAGE);
    write_byte(at + 2 * PAGE);
    vector("read 1, written 2", at);
    madvise(at + 2 * PAGE, PAGE, MADV_DONTNEED);
    vector("dropped 2", at);
    mprotect(at + 3 * PAGE, PAGE, PROT_NONE);
    vector("3 without access", at);
    madvise(at, PAGES * PAGE, MADV_WILLNEED);
    vector("WILLNEED", at);
    mmap(at, 2 * PAGE, RW, ANON | MAP_FIXED | MAP_POPULATE, -1, 0);
    vector("0-1 populated", at);
    mmap(at + 4 * PAGE, 2 * PAGE, PROT_READ, ANON | MAP_FIXED | MAP_POPULATE, -1, 0);
    vector("4-5 populated read-only", at);
    munmap(at + 6 * PAGE, PAGE);
    vector("hole at 6", at);
}

static void shared(void)
{
    char *at = mmap(NULL, PAGES * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    vector("shared anonymous, untouched", at);
    read_byte(at + PAGE);
    write_byte(at + 3 * PAGE);
    vector("read 1, written 3", at);
    if (fork() == 0) {
        write_byte(at + 5 * PAGE);
        vector("in the child, which wrote 5", at);
        _exit(0);
    }
    wait(NULL);
    vector("in the parent", at);
    madvise(at, PAGES * PAGE, MADV_DONTNEED);
    vector("dropped, but shared", at);
}

static void forked(void)
{
    char *at = island(PAGES);

    for (int i = 0; i < PAGES; i += 2)
        write_byte(at + (size_t)i * PAGE);
    if (fork() == 0) {
        vector("child, every second page written before fork", at);
        write_byte(at + PAGE);
        vector("child wrote 1", at);
        _exit(0);
    }
    wait(NULL);
    vector("parent", at);
}

static void of_file(void)
{
    int file = scratch_file(3 * PAGE + 1);
    char *private = mmap(NULL, PAGES * PAGE, RW, MAP_PRIVATE, file, 0);

    vector("file of 3 pages and a byte, in the page cache", private);
    write_byte(private + PAGE);
    vector("private copy of 1", private);
    madvise(private, PAGES * PAGE, MADV_DONTNEED);
    vector("dropped", private);
    ftruncate(file, PAGE);
    vector("cut to 1 page", private);
}

static void refusals(void)
{
    char *at = island(2);
    unsigned char pages[PAGES];

    say("not a page's start: %s", mincore(at + 1, PAGE, pages) ? error_name(errno) : "succeeded");
    say("length 0: %s", mincore(at, 0, pages) ? error_name(errno) : "succeeded");
    say("vector at NULL: %s", mincore(at, PAGE, NULL) ? error_name(errno) : "succeeded");
    say("half a page: %s", mincore(at, 10, pages) ? error_name(errno) : "succeeded");
    say("no region: %s", mincore((void *)PAGE, PAGE, pages) ? error_name(errno) : "succeeded");
    say("kernel half: %s",
        mincore((void *)0xffff800000000000UL, PAGE, pages) ? error_name(errno) : "succeeded");
    say("length wraps: %s", mincore(at, -PAGE, pages) ? error_name(errno) : "succeeded");
}

int main(void)
{
    anonymous();
    shared();
    forked();
    of_file();
    refusals();
    return 0;
}
