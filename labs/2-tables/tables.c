/* SPDX-License-Identifier: MIT */
/* tables.c - lab 2: pages near and far, their rights, and that nothing is left of them. */
#include "lab.h"

#define BASE 0x100000000000UL

static unsigned char *map_at(unsigned long address, unsigned long pages)
{
    unsigned char *p = mmap((void *)address, pages * PAGE, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

    if (p != (unsigned char *)address)
        fail("mmap");
    return p;
}

static bool is_refused(volatile unsigned char *p)
{
    if (sigsetjmp(touch_back, 1))
        return touch_told.si_code == SEGV_MAPERR && touch_told.si_addr == (void *)p;
    *p = 1;
    return false;
}

/* Pages whose addresses differ in one bit of each level: every one is another page. */
static void far(unsigned long count)
{
    static const int shifts[] = {12, 21, 30, 39};
    unsigned long wrong = 0, refused = 0;

    for (size_t level = 0; level < MANY(shifts); level++)
        for (unsigned long i = 1; i <= count; i++)
            *(volatile unsigned long *)map_at(BASE + (i << shifts[level]), 1) = BASE + (i << shifts[level]);
    for (size_t level = 0; level < MANY(shifts); level++)
        for (unsigned long i = 1; i <= count; i++)
            wrong += *(volatile unsigned long *)(BASE + (i << shifts[level])) != BASE + (i << shifts[level]);
    printf("%lu pages on each of 4 levels: %lu hold another's number\n", count, wrong);
    touch_watch();
    for (size_t level = 0; level < MANY(shifts); level++)
        for (unsigned long i = 1; i <= count; i++) {
            unsigned char *p = (unsigned char *)(BASE + (i << shifts[level]));

            munmap(p, PAGE);
            refused += is_refused(p);
        }
    printf("unmapped: %lu of %lu touches are refused\n", refused, count * MANY(shifts));
}

static void change(unsigned char *p, const char *what, int protection)
{
    static int step;

    mprotect(p, 2 * PAGE, protection);
    printf("%d. %s\n", ++step, what);
    touch("   read", READ, p + 1, p);
    touch("   write", WRITE, p + 2, p);
    touch("   execute", EXECUTE, p, p);
    touch("   read of the page that nobody has touched", READ, p + PAGE, p);
}

/* What mprotect says reaches a page that is mapped already, each way. */
static void rights(unsigned long value)
{
    unsigned char *p = pages_new(3);

    touch_watch();
    p[0] = 0xc3; /* ret */
    p[1] = (unsigned char)value;
    change(p, "read only", PROT_READ);
    change(p, "nothing", PROT_NONE);
    change(p, "read and execute", PROT_READ | PROT_EXEC);
    change(p, "read and write", PROT_READ | PROT_WRITE);
    change(p, "nothing again", PROT_NONE);
    change(p, "read only again", PROT_READ);
}

/* A page takes another's place: by MAP_FIXED, by MADV_DONTNEED, by copy on write. */
static void replaced(unsigned long count)
{
    unsigned char *p = pages_new(count);
    unsigned long zero = 0, mine = 0;

    memset(p, 7, count * PAGE);
    if (mmap(p, count / 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
        p)
        fail("mmap");
    for (unsigned long i = 0; i < count * PAGE; i++)
        zero += p[i] == 0;
    printf("half of %lu pages are mapped anew: %lu bytes are 0\n", count, zero);
    madvise(p + (count - 2) * PAGE, 2 * PAGE, MADV_DONTNEED);
    zero = 0;
    for (unsigned long i = 0; i < count * PAGE; i++)
        zero += p[i] == 0;
    printf("two more are given back: %lu\n", zero);

    pid_t child = fork();

    memset(p, child ? 1 : 2, count * PAGE);
    for (unsigned long i = 0; i < count * PAGE; i++)
        mine += p[i] == (child ? 1 : 2);
    if (child == 0)
        _exit(mine == count * PAGE);
    printf("parent and child have written all: %lu bytes are the parent's, all were the child's: %d\n", mine,
           end_of(child));
}

/* Much more than the machine has, but never at a time. */
static void back(unsigned long rounds)
{
    unsigned long sum = 0;

    for (unsigned long i = 0; i < rounds; i++) {
        unsigned long pages = 512 + i % 3 * 256;
        unsigned char *p = map_at(BASE + (i << 33), pages);

        for (unsigned long page = 0; page < pages; page++)
            p[page * PAGE + i % PAGE] = 1;
        sum += pages;
        munmap(p, pages * PAGE);
    }
    printf("%lu pages were written and unmapped in %lu rounds\n", sum, rounds);
}

int main(int argc, char **argv)
{
    static const struct task tasks[] = {
        {"far", far}, {"rights", rights}, {"replaced", replaced}, {"back", back}};

    return lab_main(tasks, MANY(tasks), argc, argv);
}
