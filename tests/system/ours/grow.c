/* SPDX-License-Identifier: MIT */
/* grow.c - a mapping of 64 pages of which each line on standard input touches 16 more; `out` sends the first 16 to the swap disk. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096
#define STEP 16

int main(void)
{
    char line[16];
    char *block = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (block == MAP_FAILED)
        return 1;
    puts("ready");
    fflush(stdout);
    for (int touched = 0; touched < 64 && fgets(line, sizeof(line), stdin);) {
        if (strcmp(line, "out\n") == 0) {
            printf("out: %d\n", madvise(block, STEP * PAGE, MADV_PAGEOUT));
        } else {
            for (int i = 0; i < STEP; i++)
                block[(touched + i) * PAGE] = 1;
            touched += STEP;
            printf("%d pages\n", touched);
        }
        fflush(stdout);
    }
    return 0;
}
