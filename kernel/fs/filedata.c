/* SPDX-License-Identifier: MIT */
/* filedata.c - files whose only copy is in memory. read() and write() move bytes between the caller and the
 * very frames that a mapping of the file has in its page tables, so everybody always sees the same.
 *
 * Copies to and from user memory can fault, and the fault may ask this same file for a page. So a copy holds
 * a reference to the frame and no lock. A frame is filled before others can find it when a write covers all
 * of it: then it need not be zeroed first.
 *
 * Beyond the end of the file the last page holds zeros; a mapping may scribble there, so the tail is cleared
 * again whenever the end moves away from it. When a file gets shorter, its pages beyond the new end leave all
 * page tables too (aspace_truncate): who touches them then gets SIGBUS. */
#include <fs/filedata.h>

#include <mm/aspace.h>
#include <string.h>

#include <asm-generic/errno.h>

static uint64_t pages_limit = ~0UL;

void filedata_set_limit(uint64_t pages)
{
    pages_limit = pages;
}

uint64_t filedata_limit(void)
{
    return pages_limit;
}

void filedata_init(struct filedata *data, const struct pagesrc_ops *ops, enum page_owner owner,
                   uint64_t *size)
{
    data->source.ops = ops;
    data->source.refs = 1;
    data->owner = owner;
    data->size = size;
}

void filedata_free(struct filedata *data)
{
    pagetree_cut(&data->pages, 0);
}

/* => the frame with a reference, NULL: a hole. */
static inline struct page *page_find_get(struct filedata *data, uint64_t index)
{
    SPIN_GUARD(&data->lock);
    struct page *page = pagetree_find(&data->pages, index);
    if (page)
        page_get(page);
    return page;
}

/* Makes `fresh` page `index`, unless somebody else was faster. Takes over the reference.
 * => the frame that is in place, with a reference; NULL when memory is short. Lock held. */
static struct page *page_place(struct filedata *data, uint64_t index, struct page *fresh)
{
    struct page *page = pagetree_find(&data->pages, index);

    if (page) {
        page_get(page);
        page_put(fresh);
        return page;
    }
    if (pagetree_insert(&data->pages, index, fresh) < 0) {
        page_put(fresh);
        return NULL;
    }
    fresh->object = &data->source;
    fresh->index = (uint32_t)index;
    page_get(fresh);
    return fresh;
}

static bool room_for_page(void)
{
    return pagetree_pages() < pages_limit;
}

int filedata_page(struct pagesrc *source, uint64_t index, struct page **page)
{
    struct filedata *data = CONTAINER_OF(source, struct filedata, source);

    SPIN_GUARD(&data->lock);
    *page = pagetree_find(&data->pages, index);
    if (index >= page_ceil(*data->size) >> PAGE_SHIFT)
        return -EIO;
    if (*page) {
        page_get(*page);
        return 0;
    }
    if (!room_for_page())
        return -EIO; /* SIGBUS, as tmpfs answers when it is full */
    struct page *fresh = page_alloc_zeroed(data->owner);
    *page = fresh ? page_place(data, index, fresh) : NULL;
    return *page ? 0 : -ENOMEM;
}

struct page *filedata_resident(struct pagesrc *source, uint64_t index)
{
    struct filedata *data = CONTAINER_OF(source, struct filedata, source);

    SPIN_GUARD(&data->lock);
    return index < page_ceil(*data->size) >> PAGE_SHIFT ? pagetree_find(&data->pages, index) : NULL;
}

ssize_t filedata_read(struct filedata *data, struct io *io, uint64_t *position)
{
    uint64_t at = *position;
    ssize_t total = 0;

    while (io->left > 0 && at < *data->size) {
        size_t offset = at & (PAGE_SIZE - 1);
        size_t piece = MIN(MIN(PAGE_SIZE - offset, *data->size - at), io->left);
        struct page *page = page_find_get(data, at >> PAGE_SHIFT);
        ssize_t moved;
        if (page) {
            moved = io_put(io, (char *)page_to_virt(page) + offset, piece);
            page_put(page);
        } else {
            moved = io_put_zeros(io, piece);
        }
        if (moved < 0)
            return total > 0 ? total : moved;
        total += moved;
        at += (size_t)moved;
        *position = at;
        if ((size_t)moved < piece)
            break;
    }
    return total;
}

/* A new page of which `piece` bytes come from the caller. => bytes moved, -ENOSPC, -EFAULT. */
static ssize_t write_fresh_page(struct filedata *data, struct io *io, uint64_t at, size_t piece)
{
    bool whole = piece == PAGE_SIZE;

    if (!room_for_page())
        return -ENOSPC;
    struct page *fresh = whole ? page_alloc(data->owner) : page_alloc_zeroed(data->owner);
    if (!fresh)
        return -ENOSPC;
    char *bytes = page_to_virt(fresh);
    ssize_t moved = io_get(io, bytes + (at & (PAGE_SIZE - 1)), piece);
    if (moved < 0) {
        page_put(fresh);
        return moved;
    }
    if (whole && (size_t)moved < PAGE_SIZE)
        memset(bytes + moved, 0, PAGE_SIZE - (size_t)moved);

    page_get(fresh);
    spin_lock(&data->lock);
    struct page *page = page_place(data, at >> PAGE_SHIFT, fresh);
    spin_unlock(&data->lock);
    /* The copy above may have made this very page: source and target can be the same file. */
    if (page && page != fresh)
        memcpy((char *)page_to_virt(page) + (at & (PAGE_SIZE - 1)), bytes + (at & (PAGE_SIZE - 1)),
               (size_t)moved);
    page_put(fresh);
    if (!page)
        return -ENOSPC;
    page_put(page);
    return moved;
}

static ssize_t write_piece(struct filedata *data, struct io *io, uint64_t at, size_t piece)
{
    struct page *page = page_find_get(data, at >> PAGE_SHIFT);
    if (!page)
        return write_fresh_page(data, io, at, piece);

    ssize_t moved = io_get(io, (char *)page_to_virt(page) + (at & (PAGE_SIZE - 1)), piece);
    page_put(page);
    return moved;
}

/* Zeros from the present end of the file to the end of its page. Lock held. */
static void clear_tail(struct filedata *data)
{
    size_t offset = *data->size & (PAGE_SIZE - 1);
    struct page *page = offset ? pagetree_find(&data->pages, *data->size >> PAGE_SHIFT) : NULL;

    if (page)
        memset((char *)page_to_virt(page) + offset, 0, PAGE_SIZE - offset);
}

/* The file ends at `at` at least. */
static void extend_to(struct filedata *data, uint64_t at)
{
    SPIN_GUARD(&data->lock);
    if (at > *data->size)
        *data->size = at;
}

ssize_t filedata_write(struct filedata *data, struct io *io, uint64_t *position)
{
    uint64_t at = *position;
    ssize_t total = 0;

    if (at >= FILEDATA_SIZE_MAX && io->left > 0)
        return -EFBIG;
    io->left = MIN(io->left, FILEDATA_SIZE_MAX - at);
    if (at > *data->size && io->left > 0) {
        SPIN_GUARD(&data->lock);
        clear_tail(data);
    }
    while (io->left > 0) {
        size_t piece = MIN(PAGE_SIZE - (at & (PAGE_SIZE - 1)), io->left);
        ssize_t moved = write_piece(data, io, at, piece);
        if (moved < 0)
            return total > 0 ? total : moved;
        total += moved;
        at += (size_t)moved;
        *position = at;
        extend_to(data, at);
        if ((size_t)moved < piece)
            break;
    }
    return total;
}

int filedata_resize(struct filedata *data, uint64_t size)
{
    if (size > FILEDATA_SIZE_MAX)
        return -EFBIG;
    uint64_t pages = page_ceil(size) >> PAGE_SHIFT;
    spin_lock(&data->lock);
    bool shrinks = size < *data->size;
    if (!shrinks)
        clear_tail(data);
    *data->size = size;
    if (shrinks) {
        pagetree_cut(&data->pages, pages);
        clear_tail(data);
    }
    spin_unlock(&data->lock);
    /* No fault finds the pages beyond the end any more; now those who show them let go of them. */
    if (shrinks && data->source.refs > 1)
        aspace_truncate(&data->source, pages);
    return 0;
}
