/* SPDX-License-Identifier: MIT */
/* pagetree.h - the pages of a file by their index: a sparse array of frames. */
#pragma once

#include <types.h>

struct page;

/* Zeroed: empty. Guarded by: its owner's lock. */
struct pagetree {
    void *root;      /* height 0: the struct page of index 0; else a node */
    uint32_t height; /* levels of nodes above the pages */
    uint64_t count;  /* pages */
};

/* => NULL: there is a hole. No reference is taken. */
struct page *pagetree_find(const struct pagetree *tree, uint64_t index);
/* The slot must be empty; the tree takes over the caller's reference. => 0, -ENOMEM. */
int pagetree_insert(struct pagetree *tree, uint64_t index, struct page *page);
/* Lets go of all pages from `first` on. */
void pagetree_cut(struct pagetree *tree, uint64_t first);

/* Pages in all trees: what the ledger must count as PAGE_FILE and PAGE_SHMEM, frames that only a mapping
 * still holds apart. */
uint64_t pagetree_pages(void);

/* => NULL, or the name of the broken invariant. */
const char *pagetree_check(const struct pagetree *tree);
