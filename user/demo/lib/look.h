/* SPDX-License-Identifier: MIT */
/* look.h - the windows through which an experiment watches itself.
 *
 * Everything is read at the moment of the call, from the kernel: /proc/self/{status,maps,smaps,pagemap},
 * getrusage and mincore. Sizes are bytes unless a name says kb or pages. None of these functions allocates.
 *
 * What is resident is asked of smaps, row by row, and not of VmRSS: smaps walks the page tables and is exact,
 * while Linux adds up VmRSS in batches and may lag by 64 pages a thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct map_row {
    unsigned long start, end;
    char perms[5];
    char name[96]; /* cut when longer */
};

struct memory_sum { /* of one row or several, in kB */
    unsigned long size, rss, pss, anonymous, swap;
    unsigned long shared_clean, shared_dirty, private_clean, private_dirty;
};

struct page_view {
    bool present, swapped;
    unsigned long frame; /* 0 when the kernel hides frame numbers from us */
};

/* Touches what the functions below need, so that they cause no faults of their own while something is
 * counted. */
void look_warm_up(void);

/* => the number of a line such as "VmSize:   404 kB", -1 when there is no such line */
long look_status_kb(const char *field);
long look_status_of_kb(const char *path, const char *field);
long look_meminfo_kb(const char *field);

/* => false when no row holds `address` */
bool look_row(const void *address, struct map_row *row);
/* => false when no row bears `name`; rows that touch and bear it together are given as one */
bool look_row_named(const char *name, struct map_row *row);
unsigned look_row_count(void);
unsigned look_row_count_of(const char *path);
/* Sums the rows that lie in whole or in part between the two addresses. */
void look_memory(unsigned long start, unsigned long end, struct memory_sum *sum);
/* Sums all rows of another process's smaps. => false when it cannot be read */
bool look_memory_of(const char *path, struct memory_sum *sum);
/* => kB that are resident in the row that holds `address` */
unsigned long look_resident_kb(const void *address);

/* Remembers the rows of /proc/self/maps; look_show_changes prints what has changed since, a line a row, and
 * remembers anew. Rows that the kernel adds for itself ([vvar], [vdso], [vsyscall]) are left out. */
void look_remember(void);
void look_show_changes(void);
void look_show_row(const char *prefix, const struct map_row *row);
void look_show_rows(void);

long look_minor_faults(void);
long look_major_faults(void);
/* The break, as sbrk(0) tells it. */
unsigned long look_break(void);
bool look_page(const void *address, struct page_view *view);
/* => pages that [start, start + length) touches and that mincore calls resident */
unsigned long look_resident_pages(const void *start, size_t length);

/* Writes (reads) one byte in each of `pages` pages. => minor faults that this took */
long touch_write(volatile char *start, size_t pages);
long touch_read(const volatile char *start, size_t pages);
