/* SPDX-License-Identifier: MIT */
/* observe.c - lab 8: this program makes memory, and looks at what /proc and pmap say of it. */
#include <fcntl.h>
#include <sys/syscall.h>

#include "lab.h"

#define BASE 0x100000000000UL
#define SPAN (1UL << 30)

/* A file without a name, of so many pages. */
static int file_new(unsigned long pages)
{
    int file = memfd_create("lab8", 0);

    if (file < 0 || ftruncate(file, (off_t)(pages * PAGE)) < 0)
        fail("memfd_create");
    return file;
}

static unsigned char *region(unsigned long page, unsigned long pages, int protection, int flags, int file,
                             unsigned long offset)
{
    unsigned char *p = mmap((void *)(BASE + page * PAGE), pages * PAGE, protection,
                            flags | MAP_FIXED | (file < 0 ? MAP_ANONYMOUS : 0), file, (off_t)(offset * PAGE));

    if (p == MAP_FAILED)
        fail("mmap");
    return p;
}

/* Regions of every kind, some of them neighbours; n pages is the smallest. */
static void regions_make(unsigned long n)
{
    int file = file_new(4 * n);

    region(0, n, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1, 0);
    region(n, 2 * n, PROT_READ, MAP_PRIVATE, -1, 0);
    region(4 * n, n, PROT_READ | PROT_EXEC, MAP_PRIVATE, -1, 0);
    region(6 * n, n, PROT_NONE, MAP_PRIVATE, -1, 0);
    region(8 * n, 2 * n, PROT_READ | PROT_WRITE, MAP_SHARED, file, n);
    region(10 * n, n, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    region(12 * n, 3 * n, PROT_READ | PROT_WRITE, MAP_SHARED, -1, 0);
    mprotect((void *)(BASE + 13 * n * PAGE), n * PAGE, PROT_READ);
}

/* The rows of our regions, as they stand there; of a file's device and inode only that they are there. */
static void maps(unsigned long n)
{
    char line[512], perms[5], device[16];
    unsigned long start, end, offset, inode;
    FILE *file;
    int name;

    regions_make(n);
    file = fopen("/proc/self/maps", "r");
    if (!file)
        fail("/proc/self/maps");
    while (fgets(line, sizeof(line), file)) {
        line[strcspn(line, "\n")] = '\0';
        if (sscanf(line, "%lx-%lx %4s %lx %15s %lu %n", &start, &end, perms, &offset, device, &inode,
                   &name) != 6)
            printf("no row: %s\n", line);
        else if (start >= BASE && start < BASE + SPAN)
            printf("%.*s %s, inode %s, name in column %d: \"%s\"\n", (int)(strstr(line, perms) - line) + 13,
                   line, strchr(device, ':') ? "a device" : "no device", inode ? "some" : "none", name,
                   line + name);
    }
    fclose(file);
}

/* How many rows have that name, and the permissions of the last of them. */
static void name_count(const char *name)
{
    FILE *file = fopen("/proc/self/maps", "r");
    char line[512], perms[5] = "none";
    unsigned long rows = 0;

    while (file && fgets(line, sizeof(line), file))
        if (strstr(line, name)) {
            rows++;
            sscanf(line, "%*s %4s", perms);
        }
    printf("%s: %lu rows, %s\n", name, rows, perms);
    fclose(file);
}

/* The rows that have names without being files. */
static void names(unsigned long pages)
{
    unsigned long start = (unsigned long)syscall(SYS_brk, 0), next = (start + 2 * PAGE) & -PAGE;

    if (syscall(SYS_brk, start + pages * PAGE) != (long)(start + pages * PAGE))
        fail("brk");
    name_count("[heap]");
    mprotect((void *)next, PAGE, PROT_READ);
    name_count("[heap]");
    mprotect((void *)next, PAGE, PROT_READ | PROT_WRITE);
    name_count("[heap]");
    name_count("[stack]");
    name_count("[vdso]");
}

static void said(const char *what, const void *region)
{
    static const char *const fields[] = {
        "Size:", "Rss:", "Pss:", "Shared_Dirty:", "Private_Dirty:", "Anonymous:"};

    printf("%s:", what);
    for (size_t i = 0; i < MANY(fields); i++)
        printf("  %s %ld", fields[i], smaps_kb(region, fields[i]));
    printf("\n");
}

/* What is resident of a region, and whose it is: alone, while children share it, and after. */
static void shares(unsigned long n)
{
    unsigned char *p = region(0, 4 * n, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1, 0);
    int hold[2], done[2];
    char byte = 0;

    madvise(p, 4 * n * PAGE, MADV_NOHUGEPAGE);
    said("untouched", p);
    for (unsigned long i = 0; i < 2 * n; i++)
        p[2 * i * PAGE] = 1;
    said("every second page written", p);
    if (pipe(hold) < 0 || pipe(done) < 0)
        fail("pipe");
    for (int child = 0; child < 3; child++) {
        if (fork() == 0) {
            for (unsigned long i = 0; i < n; i++) /* the first half becomes its own */
                p[2 * i * PAGE] = 2;
            close(hold[1]);
            if (write(done[1], &byte, 1) != 1 || read(hold[0], &byte, 1) != 0)
                _exit(1);
            _exit(0);
        }
        if (read(done[0], &byte, 1) != 1)
            fail("read");
        said("one more child, which has written half of it", p);
    }
    close(hold[1]);
    while (wait(NULL) > 0)
        ;
    said("the children are gone", p);
    madvise(p, n * PAGE, MADV_DONTNEED);
    said("a quarter is given back", p);
}

#define PROMISES 6
static const char *const promise_fields[PROMISES] = {
    "VmPeak:", "VmSize:", "VmData:", "VmStk:", "VmExe:", "VmLib:"};
static long before[PROMISES];

/* What has moved since the last time. (Linux counts what is resident in batches: that is asked of the guest alone.) */
static void moved(const char *what)
{
    printf("%s:", what);
    for (size_t i = 0; i < PROMISES; i++) {
        long now = status_kb(promise_fields[i]);
        if (now != before[i] && what[0] != ' ')
            printf("  %s %+ld kB", promise_fields[i], now - before[i]);
        before[i] = now;
    }
    printf("\n");
}

static void status(unsigned long n)
{
    moved(" start");
    region(0, n, PROT_NONE, MAP_PRIVATE, -1, 0);
    moved("nothing allowed, private");
    region(2 * n, 2 * n, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1, 0);
    moved("writable, private");
    region(5 * n, 3 * n, PROT_READ | PROT_WRITE, MAP_SHARED, -1, 0);
    moved("writable, shared");
    region(10 * n, n, PROT_READ | PROT_EXEC, MAP_PRIVATE, -1, 0);
    moved("executable");
    munmap((void *)BASE, 11 * n * PAGE);
    moved("all unmapped");
}

/* Exact to the page, at once: only our own kernel promises that. */
static void resident(unsigned long n)
{
    const char *const fields[] = {"RssAnon:", "RssShmem:", "VmRSS:", "VmHWM:"};
    long start[MANY(fields)], written[MANY(fields)], end[MANY(fields)];
    unsigned char *mine = region(0, n, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1, 0);
    unsigned char *ours = region(n, n, PROT_READ | PROT_WRITE, MAP_SHARED, -1, 0);

    for (size_t i = 0; i < MANY(fields); i++)
        start[i] = status_kb(fields[i]);
    for (size_t i = 0; i < MANY(fields); i++)
        start[i] = status_kb(fields[i]); /* (the first look touched pages of its own) */
    memset(mine, 1, n * PAGE);
    memset(ours, 1, n * PAGE);
    for (size_t i = 0; i < MANY(fields); i++)
        written[i] = status_kb(fields[i]);
    munmap(mine, 2 * n * PAGE);
    for (size_t i = 0; i < MANY(fields); i++)
        end[i] = status_kb(fields[i]);
    for (size_t i = 0; i < MANY(fields); i++)
        printf("%s %+ld pages, %+ld\n", fields[i], (written[i] - start[i]) / 4, (end[i] - written[i]) / 4);
}

/* pmap's rows of our regions beside what we know of them. */
static void pmap(unsigned long n)
{
    char command[64], line[512], mode[8];
    unsigned long address, kb, pss, dirty, swap, total = 0, sum = 0, right = 0;
    unsigned char *p = region(0, 2 * n, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1, 0);
    FILE *output;

    region(3 * n, n, PROT_READ, MAP_PRIVATE, -1, 0);
    memset(p, 1, n * PAGE);
    snprintf(command, sizeof(command), "/bin/pmap %d", getpid());
    output = popen(command, "r");
    while (output && fgets(line, sizeof(line), output)) {
        if (sscanf(line, "%lx %luK %4s", &address, &kb, mode) == 3) {
            sum += kb;
            right += address == BASE && kb == 8 * n && strcmp(mode, "rw-p") == 0;
            right += address == BASE + 3 * n * PAGE && kb == 4 * n && strcmp(mode, "r--p") == 0;
        }
        sscanf(line, "mapped: %luK", &total);
    }
    printf("pmap: %lu of our 2 rows are right, the total is %s\n", right,
           total && total == sum ? "the sum" : "another");
    pclose(output);
    snprintf(command, sizeof(command), "/bin/pmap -x %d", getpid());
    output = popen(command, "r");
    right = sum = total = 0;
    while (output && fgets(line, sizeof(line), output)) {
        if (sscanf(line, "%lx %lu %lu %lu %lu %4s", &address, &kb, &pss, &dirty, &swap, mode) == 6) {
            sum += pss;
            right += address == BASE && kb == 8 * n && pss == 4 * n && dirty == 4 * n && swap == 0;
            right += address == BASE + 3 * n * PAGE && kb == 4 * n && pss == 0 && strcmp(mode, "r--p") == 0;
        }
        sscanf(line, "total %*u %lu", &total);
    }
    printf("pmap -x: %lu of our 2 rows are right, the total is %s\n", right,
           total && total == sum ? "the sum" : "another");
    pclose(output);
}

int main(int argc, char **argv)
{
    static const struct task tasks[] = {{"maps", maps},     {"names", names},       {"shares", shares},
                                        {"status", status}, {"resident", resident}, {"pmap", pmap}};

    return lab_main(tasks, MANY(tasks), argc, argv);
}
