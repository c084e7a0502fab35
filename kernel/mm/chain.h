/* SPDX-License-Identifier: MIT */
/* chain.h - bytes in frames that are linked through page->next: long, without asking for a long piece of memory. */
#pragma once

#include <mm/page.h>

/* All zero: empty. Its user guards it. */
struct page_chain {
    struct page *first, *last;
    size_t size;
};

static inline struct page *chain_next(const struct page *page)
{
    return page->next ? pfn_to_page(page->next) : NULL;
}

/* => room for at least one byte at the end, *room bytes of it (who uses them adds to `size`); NULL when memory is short. */
void *chain_end(struct page_chain *chain, size_t *room);
/* => 0, -ENOMEM (some of the bytes may have been appended). */
int chain_append(struct page_chain *chain, const void *bytes, size_t count);
void chain_free(struct page_chain *chain); /* it is empty then */
