/* SPDX-License-Identifier: MIT */
/* probe_maps.c - /proc/self/maps as it is, at birth and after some mappings; smaps of the program's own regions. */
#include <fcntl.h>

#include "probe.h"

static char text[1 << 17];

static void load(const char *path)
{
    size_t have = 0;
    ssize_t got;
    int file = open(path, O_RDONLY);

    while (file >= 0 && (got = read(file, text + have, sizeof(text) - 1 - have)) > 0)
        have += (size_t)got;
    text[have] = '\0';
    close(file);
}

static char *next_line(char *line)
{
    char *end = strchr(line, '\n');

    if (!end)
        return NULL;
    *end = '\0';
    return end[1] ? end + 1 : NULL;
}

static void print_maps(const char *what)
{
    char *line = text, *next;

    say("---- maps: %s", what);
    for (load("/proc/self/maps"); line; line = next) {
        next = next_line(line);
        say("%s", line);
    }
}

/* The rows of smaps from `from` to `to`, addresses as pages from `from`. */
static void print_smaps(const char *what, char *from, char *to)
{
    bool inside = false;
    char *line = text, *next, *rest;

    say("---- smaps: %s", what);
    for (load("/proc/self/smaps"); line; line = next) {
        next = next_line(line);
        unsigned long start = strtoul(line, &rest, 16);
        if (rest != line && *rest == '-') {
            unsigned long end = strtoul(rest + 1, &rest, 16);
            inside = start >= (unsigned long)from && start < (unsigned long)to;
            if (inside)
                say("page %lu, %lu pages%.5s", (start - (unsigned long)from) / PAGE, (end - start) / PAGE,
                    rest);
        } else if (inside) {
            say("    %s", line);
        }
    }
}

static void touch(char *at, size_t first, size_t count, bool writing)
{
    for (size_t i = first; i < first + count; i++) {
        if (writing)
            write_byte(at + i * PAGE);
        else
            read_byte(at + i * PAGE);
    }
}

static void anonymous(void)
{
    char *at = island(16);

    touch(at, 0, 3, true);
    touch(at, 4, 3, false);
    print_smaps("anonymous, 3 written, 3 read", at, at + 16 * PAGE);
    mprotect(at + 2 * PAGE, 4 * PAGE, PROT_READ);
    print_smaps("the middle read-only", at, at + 16 * PAGE);
    mprotect(at + 2 * PAGE, 4 * PAGE, RW);
    print_smaps("and back", at, at + 16 * PAGE);
    munmap(at + 5 * PAGE, PAGE);
    print_smaps("a hole", at, at + 16 * PAGE);
    mmap(at + 5 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0);
    print_smaps("filled", at, at + 16 * PAGE);
    mmap(at + 8 * PAGE, 2 * PAGE, RW, ANON | MAP_FIXED | MAP_NORESERVE, -1, 0);
    print_smaps("NORESERVE in it", at, at + 16 * PAGE);
    madvise(at + 12 * PAGE, PAGE, MADV_DONTFORK);
    print_smaps("DONTFORK in it", at, at + 16 * PAGE);
}

static void after_fork(void)
{
    char *at = island(4);

    touch(at, 0, 4, true);
    if (fork() == 0) {
        print_smaps("child, all shared", at, at + 4 * PAGE);
        touch(at, 0, 1, true);
        print_smaps("child, one copied", at, at + 4 * PAGE);
        _exit(0);
    }
    wait(NULL);
    print_smaps("parent, alone again", at, at + 4 * PAGE);
}

static void of_file(void)
{
    char *hole = island(12);
    int file = scratch_file(4 * PAGE);

    mmap(hole, 4 * PAGE, RW, MAP_PRIVATE | MAP_FIXED, file, 0);
    mmap(hole + 6 * PAGE, 4 * PAGE, RW, MAP_SHARED | MAP_FIXED, file, 0);
    print_smaps("a file twice, untouched", hole, hole + 12 * PAGE);
    touch(hole, 0, 2, true);
    touch(hole, 6, 2, true);
    print_smaps("a file twice, 2 pages written", hole, hole + 12 * PAGE);
    mmap(hole, 12 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    touch(hole, 0, 3, true);
    print_smaps("shared anonymous, 3 written", hole, hole + 12 * PAGE);
}

static void advice(void)
{
    static const struct {
        const char *name;
        int advice;
    } all[] = {{"NORMAL", MADV_NORMAL},
               {"RANDOM", MADV_RANDOM},
               {"SEQUENTIAL", MADV_SEQUENTIAL},
               {"WILLNEED", MADV_WILLNEED},
               {"DONTNEED", MADV_DONTNEED},
               {"FREE", 8},
               {"DONTDUMP", 16},
               {"DODUMP", 17},
               {"WIPEONFORK", 18},
               {"KEEPONFORK", 19},
               {"COLD", 20},
               {"PAGEOUT", 21},
               {"POPULATE_READ", 22},
               {"POPULATE_WRITE", 23},
               {"an unknown one", 77}};
    char *at = island(4);

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        outcome(all[i].name, madvise(at, 4 * PAGE, all[i].advice));
}

int main(void)
{
    print_maps("at birth");
    char *one = mmap(NULL, 3 * PAGE, RW, ANON, -1, 0);
    char *two = mmap(NULL, 3 * PAGE, PROT_READ, ANON, -1, 0);
    mmap(NULL, 5 * PAGE, RW, ANON | MAP_STACK, -1, 0);
    mmap((void *)0x10000000, PAGE, RW, ANON, -1, 0);
    mmap(two + 1 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0);
    munmap(one + PAGE, PAGE);
    syscall(SYS_brk, syscall(SYS_brk, 0) + 3 * (long)PAGE + 5);
    print_maps("after some calls");
    anonymous();
    after_fork();
    of_file();
    advice();
    return 0;
}
