/* SPDX-License-Identifier: MIT */
/* window.c - the files through which memory itself is seen. Nothing is kept between reads: each goes to the process' memory as it is at that moment.
 *
 *   mem       position = address; what is not mapped is -EIO; writes reach read-only private pages too (a copy is made)
 *   cmdline   the bytes of argv on the process' stack, NULs between them; the process may have changed them
 *   environ   the same for the environment
 *   pagemap   8 bytes for each page of the address space, position = page number * 8
 *   kpagecount, kpageflags (of the machine)   8 bytes for each frame, position = frame number * 8: how often it is mapped, what it is
 *
 * Once the process has exited there is nothing to see: end of file. Bytes go through a buffer on the stack, because the
 * reader's own memory may fault while the other address space must not be locked. */
#include <procfs/files.h>

#include <arch/x86/usercopy.h>
#include <fs/file.h>
#include <mm/access.h>
#include <mm/buddy.h>
#include <proc/process.h>

#include <asm-generic/errno.h>
#include <linux/kernel-page-flags.h>

#define CHUNK 1024

/* => the address space, referenced; NULL: none any more. */
static struct aspace *window_aspace(const struct file *file)
{
    struct process *process = proc_node_process(file->node);

    return process != NULL ? process_aspace(process) : NULL;
}

/* What a window shows: up to `size` bytes of it from `position` on, into a buffer. => bytes, 0 at its end, -errno. */
struct view {
    ssize_t (*fill)(const struct view *view, uint64_t position, void *buffer, size_t size);
    struct aspace *aspace;
    vaddr_t base, end;                         /* of memory_fill() */
    uint64_t (*word)(const struct page *page); /* of frames_fill() */
    uint64_t no_page;
};

/* => bytes; an error only if not even the first one can be had. */
static ssize_t view_read(const struct view *view, struct io *io, uint64_t *position)
{
    uint64_t chunk[CHUNK / sizeof(uint64_t)];
    ssize_t total = 0;

    while (io->left != 0) {
        ssize_t got = view->fill(view, *position, chunk, MIN(io->left, CHUNK));
        ssize_t moved = got > 0 ? io_put(io, chunk, (size_t)got) : got;
        if (moved <= 0)
            return total != 0 ? total : moved;
        *position += (uint64_t)moved;
        total += moved;
    }
    return total;
}

static ssize_t memory_fill(const struct view *view, uint64_t position, void *buffer, size_t size)
{
    if (position >= view->end - view->base)
        return 0;
    size_t got = access_read(view->aspace, view->base + position, buffer,
                             MIN(size, view->end - view->base - position));
    return got != 0 ? (ssize_t)got : -EIO;
}

static ssize_t mem_read(struct file *file, struct io *io, uint64_t *position)
{
    struct aspace *aspace ASPACE_HELD = window_aspace(file);
    const struct view view = {.fill = memory_fill, .aspace = aspace, .end = USER_END};

    if (aspace == NULL)
        return 0;
    return *position < USER_END || io->left == 0 ? view_read(&view, io, position) : -EIO;
}

static ssize_t mem_write(struct file *file, struct io *io, uint64_t *position)
{
    struct aspace *aspace ASPACE_HELD = window_aspace(file);
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
    return total != 0 ? total : error;
}

/* start and end are of the moment; an exec in between gives the new program's, as on Linux. */
static ssize_t strings_read(struct file *file, struct io *io, uint64_t *position, bool environment)
{
    struct aspace *aspace ASPACE_HELD = window_aspace(file);
    if (aspace == NULL)
        return 0;

    const struct view view = {.fill = memory_fill,
                              .aspace = aspace,
                              .base = environment ? aspace->env_start : aspace->arg_start,
                              .end = environment ? aspace->env_end : aspace->arg_end};
    ssize_t result = view_read(&view, io, position);
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

/* Linux's Documentation/admin-guide/mm/pagemap.rst. Bit 55 (soft-dirty) has nothing to say here. */
#define PAGEMAP_PRESENT (1UL << 63)
#define PAGEMAP_SWAPPED                                                                                      \
    (1UL << 62) /* then bits 5 to 54 are the slot, bits 0 to 4 the number of the swap disk: 0 */
#define PAGEMAP_FILE (1UL << 61)      /* a file's page, or shared anonymous memory */
#define PAGEMAP_EXCLUSIVE (1UL << 56) /* mapped exactly once */
#define PAGEMAP_PFN_MASK ((1UL << 55) - 1)

static uint64_t pagemap_entry(pte_t pte)
{
    if (pte & PTE_SWAPPED)
        return PAGEMAP_SWAPPED | (uint64_t)pte_slot(pte) << 5;
    if (!(pte & PTE_HAS_FRAME))
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

/* Whole words only: => how many bytes of them from the index-th on, of `end`; in *first the index. */
static size_t words_in(uint64_t position, size_t size, uint64_t end, uint64_t *first)
{
    *first = position / sizeof(uint64_t);
    return *first < end ? MIN(size / sizeof(uint64_t), end - *first) : 0;
}

static ssize_t pagemap_fill(const struct view *view, uint64_t position, void *buffer, size_t size)
{
    uint64_t *entries = buffer, first;
    size_t count = words_in(position, size, USER_END >> PAGE_SHIFT, &first);

    MUTEX_GUARD(&view->aspace->lock);
    for (size_t i = 0; i < count; i++)
        entries[i] = pagemap_entry(pmap_lookup(&view->aspace->pmap, (first + i) << PAGE_SHIFT));
    return (ssize_t)(count * sizeof(uint64_t));
}

static ssize_t words_read(const struct view *view, struct io *io, uint64_t *position)
{
    bool whole = *position % sizeof(uint64_t) == 0 && io->left % sizeof(uint64_t) == 0;

    return whole ? view_read(view, io, position) : -EINVAL;
}

static ssize_t pagemap_read(struct file *file, struct io *io, uint64_t *position)
{
    struct aspace *aspace ASPACE_HELD = window_aspace(file);
    const struct view view = {.fill = pagemap_fill, .aspace = aspace};

    return aspace != NULL ? words_read(&view, io, position) : 0;
}

/* A word of each frame of RAM. */
static ssize_t frames_fill(const struct view *view, uint64_t position, void *buffer, size_t size)
{
    uint64_t *words = buffer, first;
    size_t count = words_in(position, size, buddy_array_end(), &first);

    for (size_t i = 0; i < count; i++)
        words[i] = buddy_is_online(first + i) ? view->word(pfn_to_page(first + i)) : view->no_page;
    return (ssize_t)(count * sizeof(uint64_t));
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
    if (page == zero_page)
        return FLAG(ZERO_PAGE);
    return of_owner[page->owner] | (user_maps(page) != 0 ? FLAG(MMAP) : 0);
#undef FLAG
}

static ssize_t kpagecount_read(struct file *, struct io *io, uint64_t *position)
{
    const struct view view = {.fill = frames_fill, .word = user_maps};

    return words_read(&view, io, position);
}

static ssize_t kpageflags_read(struct file *, struct io *io, uint64_t *position)
{
    const struct view view = {.fill = frames_fill, .word = frame_flags, .no_page = 1UL << KPF_NOPAGE};

    return words_read(&view, io, position);
}

#define WINDOW(file, ...)                                                                                    \
    static const struct file_ops file##_file_ops = {__VA_ARGS__};                                            \
    const struct node_ops proc_##file##_ops = {                                                              \
        .name = proc_name, .release = proc_release, .file_ops = &file##_file_ops}

WINDOW(mem, .read = mem_read, .write = mem_write);
WINDOW(cmdline, .read = cmdline_read);
WINDOW(environ, .read = environ_read);
WINDOW(pagemap, .read = pagemap_read);
WINDOW(kpagecount, .read = kpagecount_read);
WINDOW(kpageflags, .read = kpageflags_read);
