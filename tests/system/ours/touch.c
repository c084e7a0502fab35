/* SPDX-License-Identifier: MIT */
/* touch.c - one page that is read, then written, then read into: each by a line of its own, for who asks who it was. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096

char *page;
int total;

static char read_it(void)
{
    return page[PAGE + 5];
}

static void write_it(void)
{
    page[PAGE + 9] = 'w';
}

static void fill_it(void)
{
    if (read(0, page + PAGE + 100, 8) != 8)
        _exit(1);
}

int main(void)
{
    page = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return 1;
    total = read_it();
    write_it();
    fill_it();
    for (int i = 1; i < 5; i++)
        total += i;
    printf("%d %.8s\n", total, page + PAGE + 100);
    return 0;
}
