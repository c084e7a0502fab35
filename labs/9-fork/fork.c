/* SPDX-License-Identifier: MIT */
/* fork.c - lab 9: what parent and child share after a fork, and what each has for itself. */
#include <fcntl.h>
#include <stdint.h>

#include "lab.h"

static void pages_fill(volatile unsigned char *p, unsigned long count, unsigned char value)
{
    for (unsigned long i = 0; i < count; i++)
        p[i * PAGE + i % PAGE] = value;
}

/* Pages that do not hold `value` where pages_fill puts it. */
static unsigned long pages_other(const volatile unsigned char *p, unsigned long count, unsigned char value)
{
    unsigned long other = 0;

    for (unsigned long i = 0; i < count; i++)
        other += p[i * PAGE + i % PAGE] != value;
    return other;
}

/* ---- one waits for the other ---- */

struct gate {
    int ends[2];
};

static struct gate gate_make(void)
{
    struct gate gate;

    if (pipe(gate.ends) < 0)
        fail("pipe");
    return gate;
}

static void gate_open(const struct gate *gate)
{
    if (write(gate->ends[1], "", 1) != 1)
        fail("write");
}

static void gate_wait(const struct gate *gate)
{
    char byte;

    if (read(gate->ends[0], &byte, 1) != 1)
        fail("read");
}

/* ---- contents ---- */

/* The child writes, then the parent, then the child looks: nobody sees what the other wrote. */
static void isolated(unsigned long count)
{
    unsigned char *p = pages_new(2 * count), *q = p + count * PAGE;
    struct gate parent = gate_make(), child = gate_make();

    pages_fill(p, count, 1);
    pages_fill(q, count, 1);
    pid_t pid = fork();
    if (pid == 0) {
        printf("the child: %lu of %lu pages are not as its parent left them\n", pages_other(p, count, 1),
               count);
        pages_fill(p, count, 2);
        gate_open(&parent);
        gate_wait(&child);
        printf("the child, after the parent wrote: %lu of its own pages lost", pages_other(p, count, 2));
        printf(", %lu of those that it only read changed\n", pages_other(q, count, 1));
        exit(7);
    }
    gate_wait(&parent);
    printf("the parent, after the child wrote: %lu pages changed\n",
           pages_other(p, count, 1) + pages_other(q, count, 1));
    pages_fill(p, count, 3);
    pages_fill(q, count, 3);
    gate_open(&child);
    printf("the child ends with %d\n", end_of(pid));
    printf("the parent, after the child's end: %lu of its own pages lost\n",
           pages_other(p, count, 3) + pages_other(q, count, 3));
}

/* ---- faults ---- */

static unsigned char *spare;

static long faults_of_fill(unsigned char *p, unsigned long count, unsigned char value)
{
    long before = faults();

    pages_fill(p, count, value);
    return faults() - before;
}

/* Once, so that the code, the stack and what faults() keeps have been touched in this process. */
static void warm(unsigned char *p)
{
    faults_of_fill(spare, 1, 1);
    pages_other(p, 1, 0);
    faults_of_fill(spare, 1, 1);
}

/* A write after the fork is one fault a page in each process, a read is none. */
static void fork_faults(unsigned long count)
{
    unsigned char *p = pages_new(2 * count);

    spare = pages_new(1);
    pages_fill(p, 2 * count, 1);
    pid_t child = fork();
    if (child == 0) {
        warm(p);
        long before = faults();
        unsigned long other = pages_other(p, 2 * count, 1);
        printf("the child reads %lu pages: %ld faults, %lu wrong\n", 2 * count, faults() - before, other);
        printf("the child writes %lu pages: %ld faults\n", count, faults_of_fill(p, count, 2));
        printf("the child writes them again: %ld faults\n", faults_of_fill(p, count, 3));
        exit(0);
    }
    if (end_of(child) != 0)
        fail("child");
    warm(p);
    printf("the parent writes all %lu, alone again: %ld faults\n", 2 * count,
           faults_of_fill(p, 2 * count, 4));
    printf("the parent writes them again: %ld faults\n", faults_of_fill(p, 2 * count, 5));
}

/* ---- frames: only the kernel of the guest tells these ---- */

/* The frame behind each page, from /proc/self/pagemap. */
static void frames_of(const unsigned char *p, unsigned long count, uint64_t *frames)
{
    int file = open("/proc/self/pagemap", O_RDONLY);
    size_t bytes = count * sizeof(*frames);

    if (file < 0 ||
        pread(file, frames, bytes, (off_t)((unsigned long)p / PAGE * sizeof(*frames))) != (ssize_t)bytes)
        fail("/proc/self/pagemap");
    close(file);
    for (unsigned long i = 0; i < count; i++)
        frames[i] &= (1UL << 55) - 1;
}

static unsigned long frames_new(const unsigned char *p, unsigned long count, const uint64_t *before)
{
    uint64_t *now = malloc(count * sizeof(*now));
    unsigned long changed = 0;

    frames_of(p, count, now);
    for (unsigned long i = 0; i < count; i++)
        changed += now[i] != before[i];
    free(now);
    return changed;
}

/* Who shares a frame and writes gets another one; who has it alone keeps it. One line tells how many frames changed by what. */
static void alone(unsigned long count)
{
    unsigned char *p = pages_new(count);
    uint64_t *before = malloc(count * sizeof(*before));
    struct gate parent = gate_make(), child = gate_make();

    pages_fill(p, count, 1);
    frames_of(p, count, before);
    pid_t pid = fork();
    if (pid == 0) {
        printf("new frames: %lu by fork", frames_new(p, count, before));
        fflush(stdout);
        gate_open(&parent);
        gate_wait(&child);
        pages_fill(p, count, 2);
        printf(", %lu by the child's, alone now", frames_new(p, count, before));
        exit(0);
    }
    gate_wait(&parent);
    pages_fill(p, count, 3);
    printf(", %lu by the parent's writes", frames_new(p, count, before));
    fflush(stdout);
    gate_open(&child);
    end_of(pid);
    frames_of(p, count, before);
    pid = fork();
    if (pid == 0)
        _exit(0);
    end_of(pid);
    pages_fill(p, count, 4);
    printf(", %lu after another child's end\n", frames_new(p, count, before));
}

static long frames_free(void)
{
    return proc_kb("/proc/meminfo", NULL, "MemFree:") / 4;
}

/* A fork of so many MiB takes page tables, and hardly a frame more. */
static void big(unsigned long mib)
{
    unsigned long count = mib * 256;
    unsigned char *p = pages_new(count);
    struct gate parent = gate_make(), child = gate_make();

    pages_fill(p, count, 1);
    long before = frames_free();
    pid_t pid = fork();
    if (pid == 0) {
        gate_open(&parent);
        gate_wait(&child);
        _exit(0);
    }
    gate_wait(&parent);
    long used = before - frames_free();
    printf("fork of %lu frames took %s than one in a hundred (%ld)\n", count,
           used * 100 < (long)count ? "fewer" : "more", used);
    gate_open(&child);
    end_of(pid);
}

/* ---- what is not copied ---- */

/* Memory with a guard at each side, so that it is a region of its own. `file` -1: anonymous. */
static unsigned char *region_new(unsigned long count, int flags, int file)
{
    unsigned char *p = mmap(NULL, (count + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED || mmap(p + PAGE, count * PAGE, PROT_READ | PROT_WRITE,
                                flags | MAP_FIXED | (file < 0 ? MAP_ANONYMOUS : 0), file, 0) == MAP_FAILED)
        fail("mmap");
    madvise(p + PAGE, count * PAGE, MADV_NOHUGEPAGE);
    return p + PAGE;
}

static int file_new(unsigned long count)
{
    const char *path = "/tmp/lab9.tmp";
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

    if (file < 0 || unlink(path) < 0 || ftruncate(file, (off_t)(count * PAGE)) < 0)
        fail(path);
    return file;
}

/* Regions of every kind, written by the parent: what has the child of them? */
static void kinds(unsigned long count)
{
    int file = file_new(count);
    unsigned char *private = region_new(count, MAP_PRIVATE, -1), *shared = region_new(count, MAP_SHARED, -1);
    unsigned char *wiped = region_new(count, MAP_PRIVATE, -1), *missing = region_new(count, MAP_PRIVATE, -1);
    unsigned char *copied = region_new(count, MAP_PRIVATE, file),
                  *only_read = region_new(count, MAP_PRIVATE, file);

    madvise(wiped, count * PAGE, MADV_WIPEONFORK);
    madvise(missing, count * PAGE, MADV_DONTFORK);
    pages_fill(private, count, 1);
    pages_fill(shared, count, 2);
    pages_fill(wiped, count, 3);
    pages_fill(missing, count, 4);
    pages_fill(copied, count, 5);
    if (pages_other(only_read, count, 0) != 0)
        fail("file");
    pid_t child = fork();
    if (child == 0) {
        printf("resident in the child, kB: private %ld", smaps_kb(private, "Rss:"));
        printf(", shared %ld, to be wiped %ld", smaps_kb(shared, "Rss:"), smaps_kb(wiped, "Rss:"));
        printf(", a file's copies %ld, a file's own %ld\n", smaps_kb(copied, "Rss:"),
               smaps_kb(only_read, "Rss:"));
        printf("wrong pages: private %lu", pages_other(private, count, 1));
        printf(", shared %lu, wiped %lu", pages_other(shared, count, 2), pages_other(wiped, count, 0));
        printf(", a file's copies %lu, a file's own %lu\n", pages_other(copied, count, 5),
               pages_other(only_read, count, 0));
        touch_watch();
        touch("read of what the child must not have", READ, missing, missing);
        pages_fill(private, count, 6);
        pages_fill(shared, count, 7);
        pages_fill(copied, count, 8);
        exit(0);
    }
    end_of(child);
    printf("the parent, changed pages: private %lu", pages_other(private, count, 1));
    printf(", shared %lu, to be wiped %lu", pages_other(shared, count, 2), pages_other(wiped, count, 3));
    printf(", not for the child %lu, a file's copies %lu\n", pages_other(missing, count, 4),
           pages_other(copied, count, 5));
    pages_fill(only_read, count, 9); /* nobody else maps these pages, but they are the file's */
    printf("the file, changed pages: %lu\n", pages_other(region_new(count, MAP_SHARED, file), count, 0));
}

/* ---- Pss ---- */

/* Each process has its share of what all have, and all of what it has alone. */
static void pss(unsigned long children)
{
    const unsigned long count = 60;
    unsigned char *p = region_new(count, MAP_PRIVATE, -1);
    struct gate parent = gate_make(), child = gate_make(), end = gate_make();

    pages_fill(p, count, 1);
    for (unsigned long i = 0; i < children; i++) {
        pid_t pid = fork();
        if (pid < 0)
            fail("fork");
        if (pid == 0) {
            gate_wait(&child);
            printf("a child: Rss %ld kB, Pss %ld kB", smaps_kb(p, "Rss:"), smaps_kb(p, "Pss:"));
            pages_fill(p, 10, 2);
            printf(", after it wrote 10 pages: Pss %ld kB\n", smaps_kb(p, "Pss:"));
            gate_open(&parent);
            gate_wait(&end);
            _exit(0);
        }
    }
    printf("%lu processes, the parent: Pss %ld kB\n", children + 1, smaps_kb(p, "Pss:"));
    for (unsigned long i = 0; i < children; i++) {
        gate_open(&child);
        gate_wait(&parent);
    }
    printf("all children wrote: Pss %ld kB\n", smaps_kb(p, "Pss:"));
    for (unsigned long i = 0; i < children; i++)
        gate_open(&end);
    while (wait(NULL) > 0)
        ;
    printf("the children are gone: Pss %ld kB\n", smaps_kb(p, "Pss:"));
}

/* ---- many ---- */

/* A child of a child of a child, each with a page of its own and those of its ancestors. => how many are wrong */
static int chain(unsigned char *p, unsigned long level, unsigned long depth)
{
    int wrong = 0;

    p[level * PAGE] = (unsigned char)(level + 1);
    p[0] = (unsigned char)level;
    if (level < depth) {
        pid_t child = fork();
        if (child == 0)
            _exit(chain(p, level + 1, depth));
        wrong = end_of(child);
    }
    for (unsigned long i = 1; i <= depth; i++)
        wrong += p[i * PAGE] != (i <= level ? i + 1 : 0);
    return wrong + (p[0] != level);
}

/* Children come and go, some of them in the middle of their work; the guest's ledger must balance. */
static void many(unsigned long rounds)
{
    unsigned char *p = pages_new(64);

    printf("a chain of %lu forks: %d pages wrong\n", rounds / 4,
           chain(pages_new(rounds / 4 + 1), 0, rounds / 4));
    pages_fill(p, 64, 1);
    for (unsigned long i = 0; i < rounds; i++) {
        pid_t child = fork();
        if (child == 0) {
            pages_fill(p, i % 64, 2);
            if (i % 3 == 0 && fork() == 0) {
                pages_fill(p, 64, 3);
                _exit(0);
            }
            while (i % 5 == 0) /* until it is killed */
                pages_fill(p, 64, 4);
            _exit(0);
        }
        if (child < 0)
            fail("fork");
        pages_fill(p, 64, 1);
        if (i % 5 == 0)
            kill(child, SIGKILL);
        if (end_of(child) != (i % 5 == 0 ? 128 + SIGKILL : 0))
            printf("child %lu ended otherwise\n", i);
    }
    printf("%lu forks: %lu pages wrong\n", rounds, pages_other(p, 64, 1));
}

/* ---- memory is short ---- */

static void overcommit(const char *mode)
{
    int file = open("/proc/sys/vm/overcommit_memory", O_WRONLY);

    if (file < 0 || write(file, mode, 1) != 1)
        fail("/proc/sys/vm/overcommit_memory");
    close(file);
}

/* With overcommit_memory 2 no more is promised than could be kept: not a second time so many MiB. */
static void refused(unsigned long mib)
{
    unsigned char *p = region_new(mib * 256, MAP_PRIVATE, -1);

    pages_fill(p, mib * 256, 1);
    overcommit("2");
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    printf("fork of %lu MiB: %s, %lu pages lost", mib, child < 0 ? strerror(errno) : "done",
           pages_other(p, mib * 256, 1));
    fflush(stdout);
    munmap(p + PAGE, (mib * 256 - 1) * PAGE);
    child = fork();
    if (child == 0)
        _exit(p[0]);
    printf("; without most of them the child ends with %d\n", end_of(child));
    overcommit("0");
}

int main(int argc, char **argv)
{
    static const struct task tasks[] = {
        {"isolated", isolated}, {"faults", fork_faults}, {"alone", alone},     {"big", big}, {"kinds", kinds},
        {"pss", pss},           {"many", many},          {"refused", refused},
    };

    return lab_main(tasks, MANY(tasks), argc, argv);
}
