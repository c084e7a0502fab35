/* SPDX-License-Identifier: MIT */
/* eat.c - `eat MiB`: maps and touches that much in steps of 1 MiB and says how far it came; its own end if mmap refuses. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define MIB (1UL << 20)

int main(int argc, char **argv)
{
    long wanted = argc > 1 ? atol(argv[1]) : 0;

    for (long done = 0; done < wanted; done++) {
        char *at = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at == MAP_FAILED) {
            printf("refused after %ld MiB\n", done);
            return 12;
        }
        memset(at, 1, MIB);
    }
    printf("all %ld MiB\n", wanted);
    return 0;
}
