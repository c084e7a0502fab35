/* SPDX-License-Identifier: MIT */
/* overcommit - sets vm.overcommit_memory (and overcommit_ratio), then becomes another program.
 *     overcommit MODE RATIO PROGRAM [ARG...]     or, with PROGRAM `check`, tests the mode itself and says what it saw */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (1024UL * 1024)

static void set(const char *name, const char *value)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/sys/vm/%s", name);
    int file = open(path, O_WRONLY | O_TRUNC);
    if (file < 0 || write(file, value, strlen(value)) != (ssize_t)strlen(value)) {
        perror(path);
        exit(1);
    }
    close(file);
}

static long meminfo_kb(const char *field)
{
    char text[4096] = "";
    int file = open("/proc/meminfo", O_RDONLY);
    read(file, text, sizeof(text) - 1);
    close(file);
    char *line = strstr(text, field);
    return line ? strtol(line + strlen(field), NULL, 10) : -1;
}

static void *map(const char *what, unsigned long size, int prot, int flags)
{
    void *got = mmap(NULL, size, prot, flags | MAP_ANONYMOUS, -1, 0);
    printf("%s: %s\n", what, got == MAP_FAILED ? strerror(errno) : "mapped");
    return got == MAP_FAILED ? NULL : got;
}

static void moved(const char *what, long *before)
{
    long now = meminfo_kb("Committed_AS:");
    printf("%s: %+ld kB\n", what, now - *before);
    *before = now;
}

static void counts(void)
{
    long before = meminfo_kb("Committed_AS:");
    char *private = map("private", 4 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    moved("promised", &before);
    char *shared = map("shared", 2 * MIB, PROT_READ, MAP_SHARED);
    moved("promised", &before);
    char *read_only = map("read-only", 4 * MIB, PROT_READ, MAP_PRIVATE);
    moved("promised", &before);
    mprotect(read_only, 1 * MIB, PROT_READ | PROT_WRITE);
    moved("a part made writable", &before);
    mprotect(private, 4 * MIB, PROT_READ);
    moved("all of the private made read-only", &before);
    private = mremap(private, 4 * MIB, 6 * MIB, MREMAP_MAYMOVE);
    moved("and grown by 2 MiB", &before);
    int child = fork();
    if (child == 0) {
        moved("a child has as much again", &before);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    munmap(private, 6 * MIB), munmap(shared, 2 * MIB), munmap(read_only, 4 * MIB);
    moved("all unmapped", &before);
}

static void check(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    unsigned long ram = (unsigned long)meminfo_kb("MemTotal:") * 1024;
    counts();
    map("more than the RAM", ram + MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    map("more than the RAM, not reserved", ram + MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE);
    map("more than the RAM, read-only", ram + MIB, PROT_READ, MAP_PRIVATE);
    map("more than the RAM, shared", ram + MIB, PROT_READ | PROT_WRITE, MAP_SHARED);
    map("three quarters of the RAM", ram / 4 * 3, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    map("and again", ram / 4 * 3, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    printf("limit is ratio: %d\n", (unsigned long)meminfo_kb("CommitLimit:") * 1024 / MIB == ram / 2 / MIB);
}

int main(int argc, char **argv)
{
    set("overcommit_ratio", argv[2]);
    set("overcommit_memory", argv[1]);
    if (argc > 3 && strcmp(argv[3], "check") != 0) {
        execv(argv[3], argv + 3);
        return 127;
    }
    check();
    return 0;
}
