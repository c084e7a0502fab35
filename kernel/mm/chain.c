/* SPDX-License-Identifier: MIT */
/* chain.c - see chain.h.
 *
 *     first -> [4096 bytes] -> [4096 bytes] -> [the rest] <- last           PAGE_BUFFER in the ledger
 *
 * Nothing here sleeps, so a chain may grow while an address space is locked. */
#include <mm/chain.h>

#include <string.h>

#include <asm-generic/errno.h>

void *chain_end(struct page_chain *chain, size_t *room)
{
    size_t used = chain->size % PAGE_SIZE;

    if (used == 0) {
        struct page *page = page_alloc(PAGE_BUFFER);
        if (!page)
            return NULL;
        page->next = 0;
        if (chain->last)
            chain->last->next = (uint32_t)page_to_pfn(page);
        else
            chain->first = page;
        chain->last = page;
    }
    *room = PAGE_SIZE - used;
    return (char *)page_to_virt(chain->last) + used;
}

int chain_append(struct page_chain *chain, const void *bytes, size_t count)
{
    const char *from = bytes;
    size_t room;

    while (count > 0) {
        void *end = chain_end(chain, &room);
        if (!end)
            return -ENOMEM;
        size_t part = MIN(room, count);
        memcpy(end, from, part);
        chain->size += part;
        from += part;
        count -= part;
    }
    return 0;
}

void chain_free(struct page_chain *chain)
{
    struct page *page = chain->first;

    while (page) {
        struct page *next = chain_next(page);
        page_put(page);
        page = next;
    }
    *chain = (struct page_chain){0};
}
