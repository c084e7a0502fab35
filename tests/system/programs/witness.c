/* SPDX-License-Identifier: MIT */
/* witness.c - some memory, and what /proc says of it: maps, smaps, pagemap and the rows' places, kept in arrays.
 *
 * A debugger that stops in ready() compares. All of it is read twice: the first round touches what reading needs, so
 * that the second changes nothing and describes the very moment at which ready() is called. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL

char maps[16384], smaps[65536];
uint64_t pages[16384]; /* of pagemap: all rows of maps, one after the other */
size_t page_count;
int me;
char *swapped; /* a page on the swap disk */

static void slurp(const char *name, char *text, size_t size)
{
    ssize_t got;
    size_t length = 0;
    int file = open(name, O_RDONLY);

    while ((got = read(file, text + length, size - 1 - length)) > 0)
        length += (size_t)got;
    text[length] = 0;
    close(file);
}

static void read_pagemap(void)
{
    int file = open("/proc/self/pagemap", O_RDONLY);

    page_count = 0;
    for (char *line = maps; *line; line = strchr(line, '\n') + 1) {
        char *end;
        unsigned long from = strtoul(line, &end, 16), to = strtoul(end + 1, NULL, 16);

        if (from >> 47)
            break; /* [vsyscall] */
        size_t count = (to - from) / PAGE;
        if (page_count + count > sizeof(pages) / sizeof(pages[0]))
            abort();
        pread(file, pages + page_count, count * 8, (off_t)(from / PAGE * 8));
        page_count += count;
    }
    close(file);
}

void __attribute__((noinline)) ready(void)
{
    __asm__ volatile("" : : : "memory");
}

static void look(void)
{
    memset(maps, 1, sizeof(maps));
    memset(smaps, 1, sizeof(smaps));
    memset(pages, 1, sizeof(pages));
    me = getpid();
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now); /* pages of [vdso] and [vvar], which are the kernel's */
    for (int round = 0; round < 2; round++) {
        slurp("/proc/self/maps", maps, sizeof(maps));
        slurp("/proc/self/smaps", smaps, sizeof(smaps));
        read_pagemap();
    }
    ready();
}

static void use_heap(void)
{
    for (int i = 1; i < 100; i++)
        *(volatile char *)malloc((size_t)i * 100) = 1;
    char *large = malloc(1 << 20);
    for (int i = 0; i < 100; i += 3)
        large[(size_t)i * PAGE] = 1;
}

static void use_files(const char *self)
{
    int file = open(self, O_RDONLY), fresh = open("/tmp/witness", O_RDWR | O_CREAT | O_TRUNC, 0600);
    static char text[4 * PAGE];

    write(fresh, text, sizeof(text));
    volatile char *program = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    (void)program[0];
    program[PAGE] = 1;
    volatile char *shared = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fresh, 0);
    (void)shared[0];
    shared[2 * PAGE] = 1;
    volatile char *nobody = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)nobody[0]; /* the page of zeros */
    nobody[PAGE] = nobody[2 * PAGE] = 1;
    mprotect((char *)nobody + PAGE, PAGE, PROT_NONE);
}

static void use_fork(void)
{
    char *block = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *shared = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    memset(block, 1, 64 * PAGE);
    memset(shared, 1, 3 * PAGE);
    if (fork() > 0) {
        wait(NULL);
        exit(0);
    }
    memset(block, 2, 20 * PAGE);
}

/* Pages that have left for the swap disk, and one of them that is back. */
static void use_swap(void)
{
    char *block = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    memset(block, 1, 48 * PAGE);
    if (madvise(block, 32 * PAGE, MADV_PAGEOUT) < 0)
        abort();
    block[31 * PAGE] = 2;
    swapped = block;
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "heap";

    if (strcmp(how, "files") == 0)
        use_files(argv[0]);
    else if (strcmp(how, "fork") == 0)
        use_fork();
    else if (strcmp(how, "swap") == 0)
        use_swap();
    else
        use_heap();
    look();
    return 0;
}
