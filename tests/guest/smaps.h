/* SPDX-License-Identifier: MIT */
/* smaps.h - what /proc/self/smaps says of one region of this program, in kB; and how many rows /proc/self/maps has in a range. */
#pragma once

#include <fcntl.h>

#include "check.h"

static char smaps_text[1 << 17];

static void smaps_read(const char *path)
{
    size_t have = 0;
    ssize_t got;
    int file = open(path, O_RDONLY);

    if (file < 0)
        _exit(98);
    while ((got = read(file, smaps_text + have, sizeof(smaps_text) - 1 - have)) > 0)
        have += (size_t)got;
    smaps_text[have] = '\0';
    close(file);
}

/* The line that begins the region whose first byte is at `address`, NULL if there is none. */
static char *smaps_region(const void *address)
{
    char start[32];
    size_t length = (size_t)snprintf(start, sizeof(start), "%08lx-", (unsigned long)address);

    for (char *line = smaps_text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, start, length) == 0)
            return line;
    return NULL;
}

/* The value of `field` ("Rss:") of the region that begins at address; -1 if there is none. */
__attribute__((unused)) static long smaps_kb(const void *address, const char *field)
{
    smaps_read("/proc/self/smaps");
    char *region = smaps_region(address);
    char *value = region ? strstr(region, field) : NULL;

    return value ? strtol(value + strlen(field), NULL, 10) : -1;
}

/* Prints the rows of /proc/self/maps between two addresses: size in pages and permissions. => how many */
__attribute__((unused)) static int print_rows(const char *what, const void *from, const void *to)
{
    int rows = 0;

    smaps_read("/proc/self/maps");
    for (char *line = smaps_text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        unsigned long start = strtoul(line, &line, 16);
        unsigned long end = strtoul(line + 1, &line, 16);
        if (start < (unsigned long)to && end > (unsigned long)from) {
            say("%s: row %d: from page %ld, %lu pages, %.4s", what, rows,
                ((long)start - (long)from) / (long)PAGE, (end - start) / PAGE, line + 1);
            rows++;
        }
    }
    return rows;
}
