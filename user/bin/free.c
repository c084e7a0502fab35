/* SPDX-License-Identifier: MIT */
/* free [-b|-k|-m] - the machine's memory in two lines, from /proc/meminfo, in BusyBox's format.
 *
 * "used" is what is neither free nor given to buffers and the page cache; "available" is the kernel's own
 * estimate of what a new program could get. A size beyond 64 bits of bytes does not occur. */
#include <stdio.h>
#include <string.h>

struct field {
    const char *name;
    unsigned long kb;
};

enum { TOTAL, FREE, AVAILABLE, BUFFERS, CACHED, RECLAIMABLE, SHARED, SWAP_TOTAL, SWAP_FREE };

static struct field fields[] = {
    [TOTAL] = {"MemTotal:", 0},  [FREE] = {"MemFree:", 0},         [AVAILABLE] = {"MemAvailable:", 0},
    [BUFFERS] = {"Buffers:", 0}, [CACHED] = {"Cached:", 0},        [RECLAIMABLE] = {"SReclaimable:", 0},
    [SHARED] = {"Shmem:", 0},    [SWAP_TOTAL] = {"SwapTotal:", 0}, [SWAP_FREE] = {"SwapFree:", 0},
};

static void take_line(const char *line)
{
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        size_t length = strlen(fields[i].name);

        if (strncmp(line, fields[i].name, length) == 0)
            sscanf(line + length, "%lu", &fields[i].kb);
    }
}

static int read_meminfo(void)
{
    FILE *file = fopen("/proc/meminfo", "r");
    char line[128];

    if (!file)
        return -1;
    while (fgets(line, sizeof(line), file))
        take_line(line);
    fclose(file);
    return 0;
}

static char unit = 'k';

/* Kilobytes in the unit that was asked for, cut as BusyBox cuts. */
static unsigned long in_unit(unsigned long kb)
{
    if (unit == 'b')
        return kb << 10;
    return unit == 'm' ? kb >> 10 : kb;
}

static void print_free(void)
{
    unsigned long cache = fields[BUFFERS].kb + fields[CACHED].kb + fields[RECLAIMABLE].kb;
    unsigned long used = fields[TOTAL].kb - fields[FREE].kb - cache;

    printf("       %12s%12s%12s%12s%12s%12s\n", "total", "used", "free", "shared", "buff/cache", "available");
    printf("Mem:   %12lu%12lu%12lu%12lu%12lu%12lu\n", in_unit(fields[TOTAL].kb), in_unit(used),
           in_unit(fields[FREE].kb), in_unit(fields[SHARED].kb), in_unit(cache),
           in_unit(fields[AVAILABLE].kb));
    printf("Swap:  %12lu%12lu%12lu\n", in_unit(fields[SWAP_TOTAL].kb),
           in_unit(fields[SWAP_TOTAL].kb - fields[SWAP_FREE].kb), in_unit(fields[SWAP_FREE].kb));
}

int main(int argc, char **argv)
{
    if (argc > 2 ||
        (argc == 2 && (argv[1][0] != '-' || !argv[1][1] || !strchr("bkm", argv[1][1]) || argv[1][2]))) {
        fprintf(stderr, "usage: free [-b|-k|-m]\n");
        return 1;
    }
    if (argc == 2)
        unit = argv[1][1];
    if (read_meminfo() != 0) {
        fprintf(stderr, "free: /proc/meminfo cannot be read\n");
        return 1;
    }
    print_free();
    return fflush(stdout) == 0 ? 0 : 1;
}
