/* SPDX-License-Identifier: MIT */
/* filemap.c - regions that show a file.
 *
 *                   nowhere yet               the file's frame, read-only
 *   private, read   map the file's frame      -
 *   private, write  copy it                   copy it (anon.c): the file never changes
 *   shared, read    map the file's frame      -
 *   shared, write   map it writable           make it writable: every process and the file see it
 *
 * The frames belong to the page source (fs/); an entry here holds one reference. Beyond the end of the file there is none:
 * -EIO, which the process sees as SIGBUS.
 * Guards: the address space's lock; the source guards its own pages. */
#include <asm-generic/errno.h>
#include <mm/anon.h>
#include <mm/aspace.h>
#include <pagesrc.h>

/* Maps the file's own frame. */
static int file_page_enter(struct aspace *aspace, const struct vma *vma, vaddr_t va, pte_t write)
{
    struct page *page;
    int result = vma->source->ops->page(vma->source, vma_index(vma, va), &page);

    if (result < 0)
        return result;
    result = pmap_enter(&aspace->pmap, va, page, vma_pte_flags(vma) | write);
    if (result < 0)
        page_put(page);
    return result;
}

static int private_fault(struct aspace *aspace, struct vma *vma, vaddr_t va, enum access access, pte_t pte)
{
    struct page *page;

    if (access != ACCESS_WRITE)
        return pte ? 0 : file_page_enter(aspace, vma, va, 0);
    if (pte & PTE_WRITE)
        return 0;
    vma->flags |= VMA_COPIED;
    if (pte)
        return anon_copy_on_write(aspace, vma, va, pte);
    int result = vma->source->ops->page(vma->source, vma_index(vma, va), &page);
    if (result < 0)
        return result;
    result = anon_enter(aspace, vma, va, page);
    page_put(page);
    return result;
}

static int shared_fault(struct aspace *aspace, struct vma *vma, vaddr_t va, enum access access, pte_t pte)
{
    if (!pte)
        return file_page_enter(aspace, vma, va, access == ACCESS_WRITE ? PTE_WRITE | PTE_DIRTY : 0);
    if (access == ACCESS_WRITE && !(pte & PTE_WRITE))
        pmap_make_writable(&aspace->pmap, va);
    return 0;
}

const struct vma_ops vma_file_private_ops = {.kind = "file", .fault = private_fault};
const struct vma_ops vma_file_shared_ops = {.kind = "shared", .fault = shared_fault};
