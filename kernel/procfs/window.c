/* SPDX-License-Identifier: MIT */
/* window.c - see window.h. Nothing is kept between reads: each goes to the process' memory as it is at that moment.
 *
 *   mem       position = address; what is not mapped is -EIO; writes reach read-only private pages too (a copy is made)
 *   cmdline   the bytes of argv on the process' stack, NULs between them; the process may have changed them
 *   environ   the same for the environment
 *   pagemap   8 bytes for each page of the address space, position = page number * 8
 *   kpagecount, kpageflags (of the machine)   8 bytes for each frame, position = frame number * 8: how often it is mapped, what it is
 *
 * Once the process has exited there is nothing to see: end of file. Bytes go through a buffer on the stack, because the
 * reader's own memory may fault while the other address space must not be locked. */
#include <procfs/window.h>

#include <arch/x86/usercopy.h>
#include <fs/file.h>
#include <mm/access.h>
#include <proc/process.h>
#include <procfs/entry.h>

#include <asm-generic/errno.h>
#include <linux/kernel-page-flags.h>

#define CHUNK 1024

/* => the address space, referenced; NULL: none any more. */
static struct aspace *window_aspace(const struct file *file)
{
    struct process *process = proc_node_process(file->node);

    return process != NULL ? process_aspace(process) : NULL;
}

/* Gives out memory from *position up to `end`. => bytes; -EIO if not even the first one can be read, -EFAULT. */
static ssize_t copy_out(struct aspace *aspace, struct io *io, vaddr_t base, uint64_t *position, vaddr_t end)
{
    uint8_t chunk[CHUNK];
    ssize_t total = 0;

    while (io->left != 0 && base + *position < end) {
        vaddr_t from = base + *position;
        size_t wanted = MIN(MIN(io->left, CHUNK), end - from);
        size_t got = access_read(aspace, from, chunk, wanted);
        ssize_t moved = got != 0 ? io_put(io, chunk, got) : -EIO;
        if (moved < 0)
            return total != 0 ? total : moved;
        *position += (uint64_t)moved;
        total += moved;
        if ((size_t)moved < wanted)
            break;
    }
    return total;
}

static ssize_t mem_read(struct file *file, struct io *io, uint64_t *position)
{
    struct aspace *aspace = window_aspace(file);
    if (aspace == NULL)
        return 0;

    ssize_t result = -EIO;
    if (*position < USER_END || io->left == 0)
        result = copy_out(aspace, io, 0, position, USER_END);
    aspace_put(aspace);
    return result;
}

static ssize_t mem_write(struct file *file, struct io *io, uint64_t *position)
{
    struct aspace *aspace = window_aspace(file);
    uint8_t chunk[CHUNK];
    ssize_t total = 0, error = 0;
    if (aspace == NULL)
        return 0;

    while (io->left != 0 && error == 0) {
        ssize_t taken = io_get(io, chunk, MIN(io->left, CHUNK));
        if (taken <= 0) {
            error = taken < 0 ? taken : -EFAULT;
            break;
        }
        size_t room = *position < USER_END ? MIN((size_t)taken, USER_END - *position) : 0;
        size_t put = room != 0 ? access_write(aspace, *position, chunk, room, true) : 0;
        *position += put;
        total += (ssize_t)put;
        if (put < (size_t)taken)
            error = -EIO;
    }
    aspace_put(aspace);
    return total != 0 ? total : error;
}

/* start and end are of the moment; an exec in between gives the new program's, as on Linux. */
static ssize_t strings_read(struct file *file, struct io *io, uint64_t *position, bool environment)
{
    struct aspace *aspace = window_aspace(file);
    if (aspace == NULL)
        return 0;

    vaddr_t start = environment ? aspace->env_start : aspace->arg_start;
    vaddr_t end = environment ? aspace->env_end : aspace->arg_end;
    ssize_t result = *position < end - start ? copy_out(aspace, io, start, position, end) : 0;
    aspace_put(aspace);
    return result == -EIO ? 0 : result;
}

static ssize_t cmdline_read(struct file *file, struct io *io, uint64_t *position)
{
    return strings_read(file, io, position, false);
}

static ssize_t environ_read(struct file *file, struct io *io, uint64_t *position)
{
    return strings_read(file, io, position, true);
}

/* Linux's Documentation/admin-guide/mm/pagemap.rst. Bit 55 (soft-dirty) and 62 (swapped) have nothing to say here. */
#define PAGEMAP_PRESENT (1UL << 63)
#define PAGEMAP_FILE (1UL << 61)      /* a file's page, or shared anonymous memory */
#define PAGEMAP_EXCLUSIVE (1UL << 56) /* mapped exactly once */
#define PAGEMAP_PFN_MASK ((1UL << 55) - 1)
#define PAGEMAP_CHUNK 64

static uint64_t pagemap_entry(pte_t pte)
{
    if (!(pte & (PTE_PRESENT | PTE_NO_ACCESS)))
        return 0;
    uint64_t entry = PAGEMAP_PRESENT | (pte_pfn(pte) & PAGEMAP_PFN_MASK);
    if (pmap_is_zero_page(pte))
        return entry;
    const struct page *page = pfn_to_page(pte_pfn(pte));
    if (page->owner != PAGE_ANON)
        entry |= PAGEMAP_FILE;
    if (page->maps == 1)
        entry |= PAGEMAP_EXCLUSIVE;
    return entry;
}

static ssize_t pagemap_read(struct file *file, struct io *io, uint64_t *position)
{
    uint64_t entries[PAGEMAP_CHUNK];
    ssize_t total = 0;

    if (*position % sizeof(uint64_t) != 0 || io->left % sizeof(uint64_t) != 0)
        return -EINVAL;
    struct aspace *aspace = window_aspace(file);
    if (aspace == NULL)
        return 0;
    while (io->left != 0) {
        uint64_t first = *position / sizeof(uint64_t), end = USER_END >> PAGE_SHIFT;
        size_t count = first < end ? MIN(MIN(io->left / sizeof(uint64_t), PAGEMAP_CHUNK), end - first) : 0;
        if (count == 0)
            break;
        mutex_lock(&aspace->lock);
        for (size_t i = 0; i < count; i++)
            entries[i] = pagemap_entry(pmap_lookup(&aspace->pmap, (first + i) << PAGE_SHIFT));
        mutex_unlock(&aspace->lock);
        ssize_t moved = io_put(io, entries, count * sizeof(uint64_t));
        if (moved <= 0) {
            total = total != 0 ? total : moved;
            break;
        }
        *position += (uint64_t)moved;
        total += moved;
        if ((size_t)moved < count * sizeof(uint64_t))
            break;
    }
    aspace_put(aspace);
    return total;
}

/* Gives out a word of each frame of RAM. */
static ssize_t frames_read(struct io *io, uint64_t *position, uint64_t (*word)(const struct page *page),
                           uint64_t no_page)
{
    uint64_t words[PAGEMAP_CHUNK];
    ssize_t total = 0;

    if (*position % sizeof(uint64_t) != 0 || io->left % sizeof(uint64_t) != 0)
        return -EINVAL;
    while (io->left != 0) {
        uint64_t first = *position / sizeof(uint64_t), end = page_array_end();
        size_t count = first < end ? MIN(MIN(io->left / sizeof(uint64_t), PAGEMAP_CHUNK), end - first) : 0;
        for (size_t i = 0; i < count; i++)
            words[i] = page_is_online(first + i) ? word(pfn_to_page(first + i)) : no_page;
        ssize_t moved = count != 0 ? io_put(io, words, count * sizeof(uint64_t)) : 0;
        if (moved <= 0)
            return total != 0 ? total : moved;
        *position += (uint64_t)moved;
        total += moved;
    }
    return total;
}

static uint64_t user_maps(const struct page *page)
{
    bool mappable = page->owner == PAGE_ANON || page->owner == PAGE_FILE || page->owner == PAGE_SHMEM;

    return mappable ? page->maps : 0;
}

static uint64_t frame_flags(const struct page *page)
{
#define FLAG(name) (1UL << KPF_##name)
    static const uint64_t of_owner[PAGE_OWNERS] = {
        [PAGE_FREE] = FLAG(BUDDY),
        [PAGE_TABLE] = FLAG(PGTABLE),
        [PAGE_SLAB] = FLAG(SLAB),
        [PAGE_ANON] = FLAG(ANON) | FLAG(SWAPBACKED) | FLAG(UPTODATE),
        [PAGE_FILE] = FLAG(UPTODATE) | FLAG(UNEVICTABLE),
        [PAGE_SHMEM] = FLAG(SWAPBACKED) | FLAG(UPTODATE),
    };
    if (page == pmap_zero_page())
        return FLAG(ZERO_PAGE);
    return of_owner[page->owner] | (user_maps(page) != 0 ? FLAG(MMAP) : 0);
#undef FLAG
}

static ssize_t kpagecount_read(struct file *file, struct io *io, uint64_t *position)
{
    (void)file;
    return frames_read(io, position, user_maps, 0);
}

static ssize_t kpageflags_read(struct file *file, struct io *io, uint64_t *position)
{
    (void)file;
    return frames_read(io, position, frame_flags, 1UL << KPF_NOPAGE);
}

static const struct file_ops kpagecount_file_ops = {.read = kpagecount_read};
static const struct file_ops kpageflags_file_ops = {.read = kpageflags_read};
const struct node_ops proc_kpagecount_ops = {
    .name = proc_name, .release = proc_release, .file_ops = &kpagecount_file_ops};
const struct node_ops proc_kpageflags_ops = {
    .name = proc_name, .release = proc_release, .file_ops = &kpageflags_file_ops};

static const struct file_ops mem_file_ops = {.read = mem_read, .write = mem_write};
static const struct file_ops cmdline_file_ops = {.read = cmdline_read};
static const struct file_ops environ_file_ops = {.read = environ_read};
static const struct file_ops pagemap_file_ops = {.read = pagemap_read};

const struct node_ops proc_mem_ops = {.name = proc_name, .release = proc_release, .file_ops = &mem_file_ops};
const struct node_ops proc_cmdline_ops = {
    .name = proc_name, .release = proc_release, .file_ops = &cmdline_file_ops};
const struct node_ops proc_environ_ops = {
    .name = proc_name, .release = proc_release, .file_ops = &environ_file_ops};
const struct node_ops proc_pagemap_ops = {
    .name = proc_name, .release = proc_release, .file_ops = &pagemap_file_ops};
