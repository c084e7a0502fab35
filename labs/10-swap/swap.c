/* SPDX-License-Identifier: MIT */
/* swap.c - lab 10: more memory than there is, and who goes when there is none left. */
#include <fcntl.h>
#include <stdint.h>

#include "lab.h"

#define WORDS (PAGE / sizeof(uint64_t))

/* A page's bytes follow from its number, no two alike. */
static uint64_t word_of(unsigned long number, unsigned long word)
{
    return (number * WORDS + word + 1) * 0x9e3779b97f4a7c15;
}

static void page_write(volatile uint64_t *page, unsigned long number)
{
    for (unsigned long i = 0; i < WORDS; i++)
        page[i] = word_of(number, i);
}

static bool page_right(const volatile uint64_t *page, unsigned long number)
{
    for (unsigned long i = 0; i < WORDS; i++)
        if (page[i] != word_of(number, i))
            return false;
    return true;
}

/* The pages of p have the numbers from `first` on. */
static void pages_write(unsigned char *p, unsigned long count, unsigned long first)
{
    for (unsigned long i = 0; i < count; i++)
        page_write((uint64_t *)(void *)(p + i * PAGE), first + i);
}

static unsigned long pages_wrong(unsigned char *p, unsigned long count, unsigned long first)
{
    unsigned long wrong = 0;

    for (unsigned long i = 0; i < count; i++)
        wrong += !page_right((uint64_t *)(void *)(p + i * PAGE), first + i);
    return wrong;
}

/* ---- out and back: only a guest with a swap disk can say ---- */

/* In pages. */
static unsigned long swapped(void)
{
    return (unsigned long)status_kb("VmSwap:") / 4;
}

static long major_faults(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_majflt;
}

/* Rows of eight pages leave at once, and come back together. */
static void out(unsigned long rows)
{
    unsigned long count = 8 * rows;
    unsigned char *p = pages_new(count);

    pages_write(p, count, 1);
    madvise(p, count * PAGE, MADV_PAGEOUT);
    printf("pages in swap: 8 * %lu", swapped() / 8);
    long before = major_faults();
    unsigned long wrong = pages_wrong(p, count, 1);
    printf(", read back by %ld major faults, %lu wrong", major_faults() - before, wrong);
    printf(", %lu left there\n", swapped());
}

/* What is in swap at a fork is each one's own afterwards. */
static void shared(unsigned long count)
{
    unsigned char *p = pages_new(count);

    pages_write(p, count, 1);
    madvise(p, count * PAGE, MADV_PAGEOUT);
    printf("%lu pages in swap", swapped());
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        printf(", for the child %lu", swapped());
        pages_write(p, count / 2, 1000);
        printf(", wrong there %lu", pages_wrong(p, count / 2, 1000) +
                                        pages_wrong(p + count / 2 * PAGE, count - count / 2, 1 + count / 2));
        exit(0);
    }
    end_of(child);
    printf(", wrong in the parent %lu\n", pages_wrong(p, count, 1));
}

/* ---- beyond ---- */

/* More than the guest has: written, read back twice. */
static void beyond(unsigned long mib)
{
    unsigned long count = mib * 256;
    unsigned char *p = pages_new(count);

    pages_write(p, count, 7);
    printf("%lu MiB written: %lu pages wrong", mib, pages_wrong(p, count, 7));
    pages_write(p, count / 2, 3);
    printf(", the half of it written again: %lu wrong\n",
           pages_wrong(p, count / 2, 3) +
               pages_wrong(p + count / 2 * PAGE, count - count / 2, 7 + count / 2));
}

static void wander(unsigned char *p, unsigned long count, uint64_t random)
{
    unsigned char *written = calloc(1, count);
    unsigned long wrong = 0;

    for (unsigned long step = 0; step < 2 * count; step++) {
        random = random * 6364136223846793005 + 1442695040888963407;
        unsigned long i = (random >> 33) % count;
        uint64_t *page = (uint64_t *)(void *)(p + i * PAGE);
        if (written[i])
            wrong += !page_right(page, i + written[i]);
        written[i] = (unsigned char)(1 + random % 200);
        page_write(page, i + written[i]);
    }
    _exit(wrong != 0);
}

/* Several processes in no order, that share 8 MiB from before the fork. */
static void crowd(unsigned long processes)
{
    const unsigned long count = 2048;
    unsigned char *p = pages_new(count);
    pid_t children[16];
    int wrong = 0;

    pages_write(p, count, 5);
    for (unsigned long i = 0; i < processes; i++) {
        children[i] = fork();
        if (children[i] == 0)
            wander(p, count, i);
    }
    for (unsigned long i = 0; i < processes; i++)
        wrong += end_of(children[i]) != 0;
    printf("%lu processes: %d of them lost something, the parent %lu pages\n", processes, wrong,
           pages_wrong(p, count, 5));
}

/* ---- out of memory ---- */

struct holder {
    const char *name;
    unsigned long mib;
    const char *adjustment; /* oom_score_adj */
};

static void adjust(const char *to)
{
    int file = open("/proc/self/oom_score_adj", O_WRONLY);

    if (file < 0 || write(file, to, strlen(to)) != (ssize_t)strlen(to))
        fail("/proc/self/oom_score_adj");
    close(file);
}

static void hold_one(const struct holder *holder, int ready, int end)
{
    unsigned char *p = pages_new(holder->mib * 256);
    char byte;

    adjust(holder->adjustment);
    pages_write(p, holder->mib * 256, 1);
    if (ready >= 0 &&
        (write(ready, "", 1) != 1 || read(end, &byte, 1) != 0)) /* until nobody can write there */
        _exit(2);
    _exit(pages_wrong(p, holder->mib * 256, 1) != 0);
}

/* The holders take their memory one after the other, and keep it until the last one, who wants more than is left, is done. Who was killed? */
static void hold(const struct holder *holders, size_t count)
{
    int ready[2], end[2], status[8];
    pid_t children[8];
    char byte;

    if (pipe(ready) < 0 || pipe(end) < 0)
        fail("pipe");
    for (size_t i = 0; i < count; i++) {
        bool waits = i + 1 < count;
        children[i] = fork();
        if (children[i] == 0) {
            close(end[1]);
            hold_one(&holders[i], waits ? ready[1] : -1, end[0]);
        }
        if (waits && (children[i] < 0 || read(ready[0], &byte, 1) != 1))
            fail("fork");
    }
    status[count - 1] = end_of(children[count - 1]);
    close(end[1]);
    for (size_t i = 0; i + 1 < count; i++)
        status[i] = end_of(children[i]);
    for (size_t i = 0; i < count; i++)
        printf("%s %s%s", holders[i].name,
               status[i] == 128 + SIGKILL ? "killed"
               : status[i]                ? "failed"
                                          : "lives",
               i + 1 < count ? ", " : "");
    close(end[0]), close(ready[0]), close(ready[1]);
}

/* A guest of 32 MiB has some 23 for these; each list wants a few more, and needs only one of them to go. The largest goes, though another
 * one asks; but not who must not be killed, and whoever offers himself goes before him. */
static void victim(unsigned long mib)
{
    const struct holder largest[] = {{"small", 1, "0"},
                                     {"large", mib, "0"},
                                     {"protected", mib + 1, "-1000"},
                                     {"asking", 24 - 2 * mib, "0"}};
    const struct holder offered[] = {{"large", mib, "0"}, {"offered", 4, "600"}, {"asking", 21 - mib, "0"}};

    hold(largest, MANY(largest));
    printf("; ");
    hold(offered, MANY(offered));
    printf("\n");
}

int main(int argc, char **argv)
{
    static const struct task tasks[] = {
        {"out", out}, {"shared", shared}, {"beyond", beyond}, {"crowd", crowd}, {"victim", victim},
    };

    return lab_main(tasks, MANY(tasks), argc, argv);
}
