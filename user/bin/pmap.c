/* SPDX-License-Identifier: MIT */
/* pmap [-x] PID... - the regions of a process, from /proc/PID/smaps, in BusyBox's format.
 *
 * Without -x a row is address, size, permissions, name; with -x it has what of it is resident (PSS: a page
 * that n mappings share counts 1/n), changed (dirty) and swapped out. Sizes are KiB. A smaps entry is one
 * header row and then fields, so an entry is printed when the next header, or the end, shows that it is
 * complete. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DASHES "----------------  ------  ------  ------  ------\n"

struct region {
    unsigned long start, size, pss, dirty, swap;
    char perms[5];
    char name[4096];
};

static bool extended;

/* "start-end perms offset device inode      name" => false when the line is no header */
static bool parse_header(const char *line, struct region *region)
{
    unsigned long start, end;
    char *after;
    int name_at = 0;

    start = strtoul(line, &after, 16);
    if (after == line || *after != '-')
        return false;
    end = strtoul(after + 1, &after, 16);
    memset(region, 0, sizeof(*region));
    region->start = start;
    region->size = (end - start) / 1024;
    sscanf(after, "%4s %*s %*s %*s %n", region->perms, &name_at);
    snprintf(region->name, sizeof(region->name), "%s", after + name_at);
    return true;
}

static void parse_field(const char *line, struct region *region)
{
    unsigned long kb;

    if (sscanf(line, "Pss: %lu", &kb) == 1)
        region->pss = kb;
    else if (sscanf(line, "Swap: %lu", &kb) == 1)
        region->swap = kb;
    else if (sscanf(line, "Private_Dirty: %lu", &kb) == 1 || sscanf(line, "Shared_Dirty: %lu", &kb) == 1)
        region->dirty += kb;
}

static void print_region(const struct region *region, struct region *total)
{
    if (extended)
        printf("%016lx %7lu %7lu %7lu %7lu  %.4s  %s\n", region->start, region->size, region->pss,
               region->dirty, region->swap, region->perms, region->name);
    else
        printf("%016lx %7luK %.4s  %s\n", region->start, region->size, region->perms, region->name);
    total->size += region->size;
    total->pss += region->pss;
    total->dirty += region->dirty;
    total->swap += region->swap;
}

/* The arguments with spaces between; a process without any (a zombie, a kernel thread) is named in brackets.
 */
static void print_title(unsigned long pid)
{
    char path[64], text[4096];
    size_t length = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%lu/cmdline", pid);
    file = fopen(path, "r");
    if (file) {
        length = fread(text, 1, sizeof(text) - 1, file);
        fclose(file);
    }
    while (length > 0 && text[length - 1] == '\0')
        length--;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\0')
            text[i] = ' ';
    }
    text[length] = '\0';
    if (length == 0) {
        snprintf(path, sizeof(path), "/proc/%lu/stat", pid);
        file = fopen(path, "r");
        if (file && fscanf(file, "%*d (%60[^)]", path) == 1)
            snprintf(text, sizeof(text), "[%s]", path);
        if (file)
            fclose(file);
    }
    printf("%lu: %s\n", pid, text);
}

static void print_rows(FILE *smaps)
{
    static struct region region, total;
    char line[4224];
    bool have_region = false;

    memset(&total, 0, sizeof(total));
    if (extended)
        printf("%-16s  Kbytes     PSS   Dirty    Swap  Mode  Mapping\n", "Address");
    while (fgets(line, sizeof(line), smaps)) {
        static struct region next;

        line[strcspn(line, "\n")] = '\0';
        if (!parse_header(line, &next)) {
            parse_field(line, &region);
            continue;
        }
        if (have_region)
            print_region(&region, &total);
        region = next;
        have_region = true;
    }
    if (have_region)
        print_region(&region, &total);
    if (extended)
        printf(DASHES "%-16s %7lu %7lu %7lu %7lu\n", "total", total.size, total.pss, total.dirty, total.swap);
    else
        printf("mapped: %luK\n", total.size);
}

static int show(const char *argument)
{
    char path[64];
    char *after;
    unsigned long pid = strtoul(argument, &after, 10);
    FILE *smaps;

    if (*argument < '0' || *argument > '9' || *after) {
        fprintf(stderr, "pmap: '%s' is not a process id\n", argument);
        return 1;
    }
    snprintf(path, sizeof(path), "/proc/%lu/smaps", pid);
    smaps = fopen(path, "r");
    if (!smaps) {
        fprintf(stderr, "pmap: %lu: %s\n", pid, errno == ENOENT ? "no such process" : strerror(errno));
        return 1;
    }
    print_title(pid);
    print_rows(smaps);
    fclose(smaps);
    return 0;
}

int main(int argc, char **argv)
{
    int first = 1, status = 0;

    if (argc > 1 && strcmp(argv[1], "-x") == 0) {
        extended = true;
        first = 2;
    }
    if (first >= argc || argv[first][0] == '-') {
        fprintf(stderr, "usage: pmap [-x] PID...\n");
        return 1;
    }
    for (int i = first; i < argc; i++)
        status |= show(argv[i]);
    return fflush(stdout) == 0 ? status : 1;
}
