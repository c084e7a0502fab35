/* SPDX-License-Identifier: MIT */
/* files.c - see files.h: user memory, time and the log, as kernel/fs needs them, and a root to begin with. */
#include "files.h"
#include "machine.h"

#include <arch/x86/usercopy.h>
#include <fs/lock.h>
#include <fs/pagetree.h>
#include <fs/path.h>
#include <fs/pipe.h>
#include <fs/ramfs.h>
#include <mm/aspace.h>
#include <mm/kmem.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <asm-generic/errno.h>
#include <linux/stat.h>

char files_log[512];
unsigned files_log_lines;

static vaddr_t hole_start, hole_end;

void files_unmapped(const void *start, size_t size)
{
    hole_start = (vaddr_t)start;
    hole_end = hole_start + size;
}

static bool faults(vaddr_t address, size_t size)
{
    return size > 0 && address < hole_end && address + size > hole_start;
}

int copy_to_user(vaddr_t to, const void *from, size_t size)
{
    if (faults(to, size))
        return -EFAULT;
    memcpy((void *)to, from, size);
    return 0;
}

int copy_from_user(void *to, vaddr_t from, size_t size)
{
    if (faults(from, size))
        return -EFAULT;
    memcpy(to, (void *)from, size);
    return 0;
}

int clear_user(vaddr_t to, size_t size)
{
    if (faults(to, size))
        return -EFAULT;
    memset((void *)to, 0, size);
    return 0;
}

/* Nobody maps a file here. */
void aspace_truncate(struct pagesrc *source, uint64_t first)
{
    (void)source;
    (void)first;
}

int format_text(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}

bool aspace_any_writes(const struct pagesrc *source)
{
    (void)source;
    return false;
}

/* Nobody locks a file, and nobody opens a named pipe. */
void lock_drop_slowly(struct node *node, const void *owner)
{
    (void)node;
    (void)owner;
}

int pipe_open_named(struct pipe **slot, struct file *file)
{
    (void)slot;
    (void)file;
    return -ENXIO;
}

uint64_t clock_boot_realtime(void);
uint64_t clock_boot_realtime(void)
{
    return 0;
}

void __wrap_log_line(const char *format, ...);
void __wrap_log_line(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(files_log, sizeof(files_log), format, arguments);
    va_end(arguments);
    files_log_lines++;
}

size_t strlcpy(char *restrict to, const char *restrict from, size_t size)
{
    size_t length = strlen(from);

    if (size > 0) {
        size_t count = MIN(length, size - 1);
        memcpy(to, from, count);
        to[count] = '\0';
    }
    return length;
}

/* One level after the other: everything in `directory` goes, directories once they are empty. */
static void remove_below(struct node *directory)
{
    struct node_entry entry = {.next = 0};

    while (directory->ops->list(directory, 0, &entry) == 1) {
        struct node *found;
        if (directory->ops->lookup(directory, entry.name, &found) != 0)
            panic("listed but not there: %s", entry.name);
        bool is_directory = node_is(found, S_IFDIR);
        if (is_directory)
            remove_below(found);
        node_put(found);
        if (directory->ops->unlink(directory, entry.name, is_directory) != 0)
            panic("cannot be removed: %s", entry.name);
    }
}

void files_stop(void)
{
    if (!path_root())
        return;
    remove_below(path_root());
    node_put(path_root());
    path_set_root(NULL);
}

void files_start(void)
{
    files_stop();
    path_set_root(ramfs_create());
}

uint64_t files_objects(void)
{
    uint64_t objects = pagetree_pages();

    for (struct kmem_cache *cache = kmem_first(); cache; cache = cache->next)
        objects += cache->in_use;
    return objects;
}

const char *files_check(void)
{
    const char *broken = ramfs_check();

    if (!broken)
        broken = kmem_check();
    return broken ? broken : page_check();
}
