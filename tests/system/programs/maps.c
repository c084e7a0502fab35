/* SPDX-License-Identifier: MIT */
/* maps.c - some memory of each kind, and then /proc/self/maps as it is. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

char large[100000] = "data";
char larger[100000];

int main(int argc, char **argv)
{
    static char text[65536];
    ssize_t got;
    int program = open(argv[0], O_RDONLY);

    (void)argc;
    *(volatile char *)malloc(1) = 1;
    *(volatile char *)malloc(200000) = 1;
    mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, program, 4096);
    mmap((void *)0x10000000, 3 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    mmap((void *)0x10002000, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    int maps = open("/proc/self/maps", O_RDONLY);
    while ((got = read(maps, text, sizeof(text))) > 0)
        write(1, text, (size_t)got);
    return 0;
}
