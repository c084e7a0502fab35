/* SPDX-License-Identifier: MIT */
/* look.c - reads /proc/self, getrusage and mincore into numbers.
 *
 * One file is open at a time and is read line by line through one static buffer; a line longer than ours is
 * cut, which only shortens names. A row of maps or smaps is told from a field by its first word: rows start
 * with hexadecimal digits and a dash, fields with a capital letter and end in a colon. */
#include "look.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "demo.h"

#define REMEMBERED_ROWS 64

struct reader {
    int fd;
    size_t at, have;
};

static char input[4096];
static char line[512];

static bool reader_open(struct reader *reader, const char *path)
{
    reader->fd = open(path, O_RDONLY);
    reader->at = reader->have = 0;
    return reader->fd >= 0;
}

static int reader_byte(struct reader *reader)
{
    if (reader->at == reader->have) {
        ssize_t got = read(reader->fd, input, sizeof(input));

        if (got <= 0)
            return -1;
        reader->at = 0;
        reader->have = (size_t)got;
    }
    return (unsigned char)input[reader->at++];
}

/* => false at the end of the file; the text is in `line`, without its newline */
static bool reader_line(struct reader *reader)
{
    size_t length = 0;
    int byte = reader_byte(reader);

    if (byte < 0)
        return false;
    for (; byte >= 0 && byte != '\n'; byte = reader_byte(reader)) {
        if (length < sizeof(line) - 1)
            line[length++] = (char)byte;
    }
    line[length] = '\0';
    return true;
}

static const char *skip_spaces(const char *text)
{
    return text + strspn(text, " \t");
}

static const char *skip_word(const char *text)
{
    return skip_spaces(text + strcspn(text, " \t"));
}

/* "start-end perms offset device inode  name" => false when `line` is no such row */
static bool parse_row(struct map_row *row)
{
    char *after;
    const char *text;

    row->start = strtoul(line, &after, 16);
    if (after == line || *after != '-')
        return false;
    row->end = strtoul(after + 1, &after, 16);
    text = skip_spaces(after);
    memcpy(row->perms, text, 4);
    row->perms[4] = '\0';
    for (int field = 0; field < 4; field++)
        text = skip_word(text);
    snprintf(row->name, sizeof(row->name), "%.*s", (int)sizeof(row->name) - 1, text);
    return true;
}

/* => the number behind "field:" when `line` is that line, else -1 */
static long parse_field(const char *field)
{
    size_t length = strlen(field);

    if (strncmp(line, field, length) != 0 || line[length] != ':')
        return -1;
    return strtol(skip_spaces(line + length + 1), NULL, 10);
}

static long field_of(const char *path, const char *field)
{
    struct reader reader;
    long value = -1;

    if (!reader_open(&reader, path))
        return -1;
    while (value < 0 && reader_line(&reader))
        value = parse_field(field);
    close(reader.fd);
    return value;
}

long look_status_kb(const char *field)
{
    return field_of("/proc/self/status", field);
}

long look_status_of_kb(const char *path, const char *field)
{
    return field_of(path, field);
}

long look_meminfo_kb(const char *field)
{
    return field_of("/proc/meminfo", field);
}

bool look_row(const void *address, struct map_row *row)
{
    struct reader reader;
    unsigned long wanted = (unsigned long)(uintptr_t)address;
    bool found = false;

    if (!reader_open(&reader, "/proc/self/maps"))
        return false;
    while (!found && reader_line(&reader))
        found = parse_row(row) && row->start <= wanted && wanted < row->end;
    close(reader.fd);
    return found;
}

bool look_row_named(const char *name, struct map_row *row)
{
    struct reader reader;
    struct map_row next;
    bool found = false;

    if (!reader_open(&reader, "/proc/self/maps"))
        return false;
    while (reader_line(&reader)) {
        if (!parse_row(&next) || strcmp(next.name, name) != 0)
            continue;
        if (found && row->end == next.start)
            row->end = next.end;
        else if (!found)
            *row = next;
        found = true;
    }
    close(reader.fd);
    return found;
}

/* The kernel's own rows: how many there are and how large differs from version to version. */
static bool row_is_kernels(const struct map_row *row)
{
    return strncmp(row->name, "[vvar", 5) == 0 || strcmp(row->name, "[vdso]") == 0 ||
           strcmp(row->name, "[vsyscall]") == 0;
}

unsigned look_row_count_of(const char *path)
{
    struct reader reader;
    struct map_row row;
    unsigned count = 0;

    if (!reader_open(&reader, path))
        return 0;
    while (reader_line(&reader))
        count += parse_row(&row) && !row_is_kernels(&row);
    close(reader.fd);
    return count;
}

unsigned look_row_count(void)
{
    return look_row_count_of("/proc/self/maps");
}

static void sum_line(struct memory_sum *sum)
{
    const struct {
        const char *field;
        unsigned long *total;
    } fields[] = {
        {"Size", &sum->size},
        {"Rss", &sum->rss},
        {"Pss", &sum->pss},
        {"Anonymous", &sum->anonymous},
        {"Swap", &sum->swap},
        {"Shared_Clean", &sum->shared_clean},
        {"Shared_Dirty", &sum->shared_dirty},
        {"Private_Clean", &sum->private_clean},
        {"Private_Dirty", &sum->private_dirty},
    };

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        long value = parse_field(fields[i].field);

        if (value > 0)
            *fields[i].total += (unsigned long)value;
    }
}

static bool sum_rows(const char *path, unsigned long start, unsigned long end, struct memory_sum *sum)
{
    struct reader reader;
    struct map_row row;
    bool inside = false;

    memset(sum, 0, sizeof(*sum));
    if (!reader_open(&reader, path))
        return false;
    while (reader_line(&reader)) {
        if (parse_row(&row))
            inside = row.start < end && start < row.end;
        else if (inside)
            sum_line(sum);
    }
    close(reader.fd);
    return true;
}

void look_memory(unsigned long start, unsigned long end, struct memory_sum *sum)
{
    sum_rows("/proc/self/smaps", start, end, sum);
}

bool look_memory_of(const char *path, struct memory_sum *sum)
{
    return sum_rows(path, 0, ~0UL, sum);
}

unsigned long look_resident_kb(const void *address)
{
    unsigned long at = (unsigned long)(uintptr_t)address;
    struct memory_sum sum;

    look_memory(at, at + 1, &sum);
    return sum.rss;
}

/* ---- what has changed among the rows ---- */

static struct map_row remembered[REMEMBERED_ROWS], current[REMEMBERED_ROWS];
static size_t remembered_count;

static size_t read_rows(struct map_row *rows)
{
    struct reader reader;
    size_t count = 0;

    if (!reader_open(&reader, "/proc/self/maps"))
        return 0;
    while (count < REMEMBERED_ROWS && reader_line(&reader)) {
        if (parse_row(&rows[count]) && !row_is_kernels(&rows[count]))
            count++;
    }
    close(reader.fd);
    return count;
}

void look_remember(void)
{
    remembered_count = read_rows(remembered);
}

/* A file's row is named by the last part of its path: where the program lies is of no interest here. */
static const char *row_label(const struct map_row *row)
{
    const char *slash = strrchr(row->name, '/');

    if (slash)
        return slash + 1;
    return row->name[0] ? row->name : "(no name)";
}

/* The stack's row starts at the same address everywhere, so it is never cut. */
void look_show_row(const char *prefix, const struct map_row *row)
{
    char range[64];

    if (strcmp(row->name, "[stack]") == 0)
        snprintf(range, sizeof(range), "0x%lx-0x%lx", row->start, row->end);
    else
        snprintf(range, sizeof(range), "%s-%s", demo_address((void *)(uintptr_t)row->start),
                 demo_address((void *)(uintptr_t)row->end));
    printf("%s%-29s %8lu KiB  %s  %s\n", prefix, range, (row->end - row->start) / KIB, row->perms,
           row_label(row));
}

void look_show_rows(void)
{
    size_t count = read_rows(current);

    for (size_t i = 0; i < count; i++)
        look_show_row("    ", &current[i]);
}

static bool row_alike(const struct map_row *a, const struct map_row *b)
{
    return strcmp(a->perms, b->perms) == 0 && strcmp(a->name, b->name) == 0;
}

/* => the row of `rows` that is the same region as `row`: alike, with one end or both in the same place */
static const struct map_row *row_partner(const struct map_row *rows, size_t count, const struct map_row *row)
{
    for (size_t i = 0; i < count; i++) {
        if (row_alike(&rows[i], row) && (rows[i].start == row->start || rows[i].end == row->end))
            return &rows[i];
    }
    return NULL;
}

static void show_change(const struct map_row *old, const struct map_row *now)
{
    long grown = (long)(now->end - now->start) - (long)(old->end - old->start);

    if (grown == 0)
        return;
    look_show_row(grown > 0 ? "  row grew      " : "  row shrank    ", now);
}

void look_show_changes(void)
{
    size_t count = read_rows(current);

    for (size_t i = 0; i < remembered_count; i++) {
        if (!row_partner(current, count, &remembered[i]))
            look_show_row("  row is gone   ", &remembered[i]);
    }
    for (size_t i = 0; i < count; i++) {
        const struct map_row *old = row_partner(remembered, remembered_count, &current[i]);

        if (old)
            show_change(old, &current[i]);
        else
            look_show_row("  row is new    ", &current[i]);
    }
    memcpy(remembered, current, sizeof(current));
    remembered_count = count;
}

/* ---- faults and pages ---- */

long look_minor_faults(void)
{
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return -1;
    return usage.ru_minflt;
}

long look_major_faults(void)
{
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return -1;
    return usage.ru_majflt;
}

unsigned long look_break(void)
{
    return (unsigned long)(uintptr_t)sbrk(0);
}

/* Bits of /proc/self/pagemap: 63 present, 62 swapped, 54-0 the frame
 * (Documentation/admin-guide/mm/pagemap.rst). */
bool look_page(const void *address, struct page_view *view)
{
    uint64_t entry = 0;
    off_t at = (off_t)((uintptr_t)address / PAGE_SIZE * sizeof(entry));
    int fd = open("/proc/self/pagemap", O_RDONLY);
    ssize_t got;

    memset(view, 0, sizeof(*view));
    if (fd < 0)
        return false;
    got = pread(fd, &entry, sizeof(entry), at);
    close(fd);
    if (got != (ssize_t)sizeof(entry))
        return false;
    view->present = entry >> 63;
    view->swapped = entry >> 62 & 1;
    if (view->present)
        view->frame = (unsigned long)(entry & ((1ULL << 55) - 1));
    return true;
}

unsigned long look_resident_pages(const void *start, size_t length)
{
    static unsigned char state[1024];
    unsigned long resident = 0;
    char *at = (char *)((uintptr_t)start & ~(PAGE_SIZE - 1));

    length += (size_t)((const char *)start - at);
    while (length > 0) {
        size_t step = length < sizeof(state) * PAGE_SIZE ? length : sizeof(state) * PAGE_SIZE;

        if (mincore(at, step, state) != 0)
            return resident;
        for (size_t page = 0; page * PAGE_SIZE < step; page++)
            resident += state[page] & 1;
        at += step;
        length -= step;
    }
    return resident;
}

long touch_write(volatile char *start, size_t pages)
{
    long before = look_minor_faults();

    for (size_t page = 0; page < pages; page++)
        start[page * PAGE_SIZE] = 1;
    return look_minor_faults() - before;
}

long touch_read(const volatile char *start, size_t pages)
{
    long before = look_minor_faults();

    for (size_t page = 0; page < pages; page++)
        (void)start[page * PAGE_SIZE];
    return look_minor_faults() - before;
}

void look_warm_up(void)
{
    static char page[PAGE_SIZE];
    struct memory_sum sum;
    struct page_view view;

    touch_write(page, 1);
    touch_read(page, 1);
    look_memory(0, 0, &sum);
    look_page(page, &view);
    look_remember();
    memcpy(current, remembered, sizeof(current));
}
