/* SPDX-License-Identifier: MIT */
/* site.c - the name of a code address, for last words: file and line, else function or file and offset.
 *
 *   1. /lib/debug/PROGRAM.sym, which Faultline's programs have beside them (scripts/mksym.py says its form);
 *   2. addr2line, if there is one: the program's own debug information;
 *   3. what /proc/self/maps says: the file, and how far into it.
 * No stdio, no memory: the program is about to die, and malloc's locks are held. Therefore also no fork() of the library, which
 * would call its handlers.
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <asm/unistd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "words.h"

struct symbols { /* the head of a .sym file; then functions, lines, strings */
    uint32_t magic, functions, lines, string_bytes;
    uint64_t base;
};

struct entry {
    uint32_t offset, number, name; /* number: a function's size, a line's line */
};

static void site_write(char *text, size_t size, const char *format, const char *name, uintptr_t number)
{
    struct text t = {.length = 0};

    text_say(&t, format, name, number);
    t.length = t.length < size ? t.length - 1 : size - 1; /* without the end of the line */
    memcpy(text, t.bytes, t.length);
    text[t.length] = 0;
}

/* The last entry of a sorted table at or before `offset`. */
static bool entry_find(int file, size_t table, uint32_t count, uint64_t offset, struct entry *found)
{
    uint32_t low = 0;

    while (count > 0) {
        uint32_t half = count / 2;
        struct entry e;

        if (pread(file, &e, sizeof(e), (off_t)(table + (low + half) * sizeof(e))) != sizeof(e))
            return false;
        if (e.offset <= offset) {
            *found = e;
            low += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return low > 0;
}

static bool site_from_symbols(uintptr_t address, char *text, size_t size)
{
    char path[256] = "/lib/debug";
    ssize_t length = readlink("/proc/self/exe", path + 10, sizeof(path) - 16);
    char name[128];
    struct symbols head;
    struct entry e = {0, 0, 0};

    if (length <= 0)
        return false;
    strcpy(path + 10 + length, ".sym");

    int file = open(path, O_RDONLY);
    bool found = file >= 0 && read(file, &head, sizeof(head)) == sizeof(head) && head.magic == 0x4d595346;
    size_t lines = sizeof(head) + head.functions * sizeof(e);

    if (found && entry_find(file, lines, head.lines, address - head.base, &e) && e.number) {
        length = pread(file, name, sizeof(name) - 1, (off_t)(lines + head.lines * sizeof(e) + e.name));
        name[length > 0 ? length : 0] = 0;
        site_write(text, size, "%s:%z", name, e.number);
    } else {
        found = false;
    }
    if (file >= 0)
        close(file);
    return found;
}

/* The row of /proc/self/maps around address: its file, and the address inside it. */
static bool row_find(uintptr_t address, char *name, size_t size, uintptr_t *inside)
{
    static char maps[1 << 15];
    int file = open("/proc/self/maps", O_RDONLY);
    size_t length = 0;
    ssize_t got;

    while (file >= 0 && (got = read(file, maps + length, sizeof(maps) - 1 - length)) > 0)
        length += (size_t)got;
    if (file >= 0)
        close(file);
    maps[length] = 0;
    for (char *line = maps, *end; (end = strchr(line, '\n')); line = end + 1) {
        char *at;
        uintptr_t start = strtoul(line, &at, 16), stop = strtoul(at + 1, &at, 16);
        uintptr_t offset = strtoul(at + 6, &at, 16);
        char *path = strchr(at, '/');

        *end = 0;
        if (address < start || address >= stop || !path)
            continue;
        *inside = address - start + offset;
        strncpy(name, path, size - 1);
        name[size - 1] = 0;
        return true;
    }
    return false;
}

/* An executable that may lie anywhere counts from its start, one that may not (e_type 2) in addresses. */
static bool lies_fixed(const char *name)
{
    uint16_t type = 0;
    int file = open(name, O_RDONLY);

    if (file < 0)
        return false;

    bool known = pread(file, &type, sizeof(type), 16) == sizeof(type);

    close(file);
    return known && type == 2;
}

static bool site_from_tool(const char *name, uintptr_t inside, char *text, size_t size)
{
    char where[24] = "0x";
    int ends[2], status;
    ssize_t length = 0;

    for (int i = 0; i < 16; i++)
        where[2 + i] = "0123456789abcdef"[inside >> (60 - 4 * i) & 15];
    if (access("/usr/bin/addr2line", X_OK) != 0 || pipe(ends) != 0)
        return false;

    pid_t pid = (pid_t)syscall(__NR_fork);

    if (pid == 0) {
        char *const words[] = {"addr2line", "-s", "-e", (char *)(uintptr_t)name, where, NULL};

        dup2(ends[1], 1);
        execve("/usr/bin/addr2line", words, (char *const[]){NULL});
        _exit(1);
    }
    close(ends[1]);
    if (pid > 0) {
        length = read(ends[0], text, size - 1);
        waitpid(pid, &status, 0);
    }
    close(ends[0]);
    text[length > 0 ? length : 0] = 0;
    text[strcspn(text, "\n (")] = 0;
    return length > 0 && text[0] != '?';
}

void text_site(char *text, size_t size, uintptr_t address)
{
    char name[256];
    uintptr_t inside = address;

    address--; /* the call, not what follows it */
    if (site_from_symbols(address, text, size))
        return;

    bool in_file = row_find(address, name, sizeof(name), &inside);

    if (in_file && lies_fixed(name))
        inside = address;

    if (in_file && site_from_tool(name, inside, text, size))
        return;

    site_write(text, size, in_file ? "%s+%p" : "%s%p", in_file ? strrchr(name, '/') + 1 : "", inside);
}
