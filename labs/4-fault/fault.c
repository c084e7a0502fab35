/* SPDX-License-Identifier: MIT */
/* fault.c - lab 4: touches of every kind, and what came of them. */
#include <fcntl.h>
#include <sys/stat.h>

#include "lab.h"

static const unsigned char constant[PAGE] = {1};

static unsigned long not_zero(const volatile unsigned char *p, unsigned long bytes)
{
    unsigned long found = 0;

    for (unsigned long i = 0; i < bytes; i++)
        found += p[i] != 0;
    return found;
}

/* Every second page of fresh memory is written: as many faults as pages, and the pages were zero. */
static void writes(unsigned long count)
{
    volatile unsigned char *p = pages_new(2 * count);
    long before = faults();

    for (unsigned long i = 0; i < count; i++)
        p[2 * i * PAGE + i] = 1;
    printf("%lu pages written for the first time: %ld faults\n", count, faults() - before);
    before = faults();
    for (unsigned long i = 0; i < count; i++)
        p[2 * i * PAGE + 4095] = 1;
    printf("written again: %ld faults\n", faults() - before);

    unsigned long others = 0;

    for (unsigned long i = 0; i < count; i++)
        others += not_zero(p + 2 * i * PAGE, PAGE) - 2;
    printf("bytes in them that nobody wrote and that are not 0: %lu\n", others);
}

/* Pages are read, then some are written: what is read stays zero. */
static void reads(unsigned long count)
{
    volatile unsigned char *p = pages_new(count);

    printf("%lu pages read: %lu bytes that are not 0\n", count, not_zero(p, count * PAGE));
    for (unsigned long i = 0; i < count; i += 3)
        p[i * PAGE] = 7;
    printf("every third one written: %lu bytes that are not 0\n", not_zero(p, count * PAGE));

    volatile unsigned char *other = pages_new(count);

    printf("%lu more pages read: %lu bytes that are not 0\n", count, not_zero(other, count * PAGE));
}

/* A gibibyte is promised; only what is written becomes resident. */
static void promise(unsigned long count)
{
    const unsigned long all = 262144;
    volatile unsigned char *p = pages_new(all);

    printf("promised: Size %ld kB, Rss %ld kB\n", smaps_kb((void *)p, "Size:"), smaps_kb((void *)p, "Rss:"));
    for (unsigned long i = 0; i < count; i++)
        p[i * (all / count) * PAGE] = 1;
    printf("%lu pages written, far apart: Rss %ld kB\n", count, smaps_kb((void *)p, "Rss:"));
}

/* What a region forbids, and where there is none. */
static void refused(unsigned long offset)
{
    unsigned char *p = pages_new(4);

    touch_watch();
    p[0] = 0xc3; /* ret */
    munmap(p + PAGE, PAGE);
    mprotect(p + 2 * PAGE, PAGE, PROT_NONE);
    mprotect(p + 3 * PAGE, PAGE, PROT_READ);
    touch("write where nothing is mapped", WRITE, p + PAGE + offset, p);
    touch("read there", READ, p + PAGE + offset, p);
    touch("read at 0", READ, NULL, NULL);
    touch("read of PROT_NONE", READ, p + 2 * PAGE + offset, p);
    touch("read of PROT_READ", READ, p + 3 * PAGE + offset, p);
    touch("write to PROT_READ", WRITE, p + 3 * PAGE + offset, p);
    touch("write to a constant", WRITE, (unsigned char *)&constant[offset], constant);
    touch("jump to data", EXECUTE, p, p);
    mprotect(p, PAGE, PROT_READ | PROT_EXEC);
    touch("jump there with PROT_EXEC", EXECUTE, p, p);
    touch("write there now", WRITE, p, p);
}

static int child_status(void (*run)(unsigned long), unsigned long number)
{
    pid_t child = fork();

    if (child == 0) {
        run(number);
        _exit(0);
    }
    return end_of(child);
}

static void write_nowhere(unsigned long address)
{
    *(volatile unsigned char *)address = 1;
}

/* Without a handler only the one that did it dies. */
static void dies(unsigned long number)
{
    for (unsigned long i = 0; i < 3; i++)
        printf("a process writes at %#lx: status %d\n", (number + i) << 32,
               child_status(write_nowhere, (number + i) << 32));
    printf("the others go on\n");
}

static unsigned long deep(unsigned long kib)
{
    volatile unsigned char frame[1024];

    for (size_t i = 0; i < sizeof(frame); i++)
        frame[i] = (unsigned char)kib;
    return kib ? deep(kib - 1) + frame[kib % sizeof(frame)] : frame[0];
}

static void deep_in_child(unsigned long kib)
{
    deep(kib);
}

static void below_stack(unsigned long bytes)
{
    unsigned char here;
    volatile unsigned char *p = &here - bytes;

    *p = 1;
}

/* The stack grows when it is touched, as far as its limit allows. */
static void stack(unsigned long kib)
{
    struct rlimit limit;

    printf("%lu KiB deep: %lu\n", kib, deep(kib));
    printf("a touch 1 MiB below: status %d\n", child_status(below_stack, 1UL << 20));
    getrlimit(RLIMIT_STACK, &limit);
    limit.rlim_cur = 2UL << 20;
    setrlimit(RLIMIT_STACK, &limit);
    printf("1 MiB deep with a limit of 2 MiB: status %d\n", child_status(deep_in_child, 1024));
    printf("3 MiB deep: status %d\n", child_status(deep_in_child, 3072));
    printf("a touch 4 MiB below: status %d\n", child_status(below_stack, 4UL << 20));
}

static void said(const char *what, ssize_t result)
{
    printf("%s: %zd, %s\n", what, result, result < 0 ? strerror(errno) : "no error");
}

/* The kernel touches the program's memory, too: what it may not touch is an error, not the end. */
static void kernel(unsigned long count)
{
    unsigned char *p = pages_new(count + 1), *unmapped = pages_new(1);
    static char text[] = "from the pipe";
    int pipe_ends[2];

    if (pipe(pipe_ends) < 0)
        fail("pipe");
    munmap(unmapped, PAGE);
    for (unsigned long i = 0; i < count; i++) {
        if (write(pipe_ends[1], text, sizeof(text)) != sizeof(text) ||
            read(pipe_ends[0], p + (i + 1) * PAGE - 5, sizeof(text)) != sizeof(text))
            fail("a read into untouched memory");
        if (memcmp(p + (i + 1) * PAGE - 5, text, sizeof(text)) != 0)
            printf("other bytes in page %lu\n", i);
    }
    printf("%lu reads into untouched pages\n", count);
    said("write from nowhere", write(pipe_ends[1], unmapped, 8));
    if (write(pipe_ends[1], text, 8) != 8)
        fail("write");
    said("read into nowhere", read(pipe_ends[0], unmapped, 8));
    if (write(pipe_ends[1], text, 8) != 8)
        fail("write");
    said("read into a constant", read(pipe_ends[0], (void *)constant, 8));
}

/* A file, mapped in both ways. */
static void mapped(unsigned long count)
{
    const char *path = "/tmp/lab4.tmp";
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    unsigned long length = count * PAGE - 100;
    unsigned char byte;

    if (file < 0 || unlink(path) < 0 || ftruncate(file, (off_t)length) < 0)
        fail(path);
    for (unsigned long i = 0; i < count; i++) {
        byte = (unsigned char)(i + 1);
        if (pwrite(file, &byte, 1, (off_t)(i * PAGE)) != 1)
            fail("pwrite");
    }

    unsigned char *mine = mmap(NULL, (count + 1) * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    unsigned char *ours = mmap(NULL, (count + 1) * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    unsigned long sum = 0;

    if (mine == MAP_FAILED || ours == MAP_FAILED)
        fail("mmap");
    touch_watch();
    for (unsigned long i = 0; i < count; i++)
        sum += mine[i * PAGE];
    printf("%lu pages of the file: %lu, behind its end %d\n", count, sum, mine[length]);
    mine[0] = 100;                     /* was read before */
    mine[(count - 1) * PAGE + 1] = 50; /* was read before */
    ours[2] = 60;
    printf("private: %d %d, shared: %d %d", mine[0], mine[2], ours[0], ours[2]);
    if (pread(file, &byte, 1, 0) != 1)
        fail("pread");
    printf(", the file: %d", byte);
    if (pread(file, &byte, 1, 2) != 1)
        fail("pread");
    printf(" %d\n", byte);
    touch("read of a page behind the end", READ, mine + count * PAGE, mine);
    touch("write to it, shared", WRITE, ours + count * PAGE + 9, ours);
    munmap(mine, (count + 1) * PAGE);
    mine = mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    mine[PAGE] = 9; /* written at once */
    printf("written before it was read: %d %d, shared: %d\n", mine[PAGE], mine[PAGE + 1], ours[PAGE]);
}

int main(int argc, char **argv)
{
    static const struct task tasks[] = {
        {"writes", writes}, {"reads", reads}, {"promise", promise}, {"refused", refused},
        {"dies", dies},     {"stack", stack}, {"kernel", kernel},   {"mapped", mapped},
    };

    return lab_main(tasks, MANY(tasks), argc, argv);
}
