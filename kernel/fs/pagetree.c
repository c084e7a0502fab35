/* SPDX-License-Identifier: MIT */
/* pagetree.c - a radix tree with 64 slots a node: six bits of the index choose the slot on each level.
 *
 *   height 0    root -> page 0                      (most files: no node at all)
 *   height 1    root -> node -> pages 0 .. 63
 *   height 2    root -> node -> 64 nodes -> pages 0 .. 4095
 *
 * The tree is as high as its largest index needs, so a file of 1 GiB costs three steps. Empty nodes are freed
 * at once; the height shrinks only when the tree becomes empty. */
#include <fs/pagetree.h>

#include <mm/kmem.h>
#include <mm/page.h>

#include <asm-generic/errno.h>

#define SLOT_BITS 6
#define SLOTS (1U << SLOT_BITS)
#define HEIGHT_MAX 11 /* 64 bits / 6, rounded up */

struct tree_node {
    void *slots[SLOTS]; /* nodes; on the lowest level pages */
    uint32_t used;      /* slots that are not NULL */
};

static struct kmem_cache node_cache = KMEM_CACHE("pagetree", struct tree_node);
static uint64_t pages_total; /* atomic */

uint64_t pagetree_pages(void)
{
    return __atomic_load_n(&pages_total, __ATOMIC_RELAXED);
}

/* Does a tree of this height have a place for `index`? */
static bool covers(uint32_t height, uint64_t index)
{
    return height >= HEIGHT_MAX || index >> (height * SLOT_BITS) == 0;
}

/* The slot for `index` in a node that is `level` levels above the pages (1: the lowest). */
static unsigned slot_of(uint64_t index, uint32_t level)
{
    return (index >> ((level - 1) * SLOT_BITS)) & (SLOTS - 1);
}

struct page *pagetree_find(const struct pagetree *tree, uint64_t index)
{
    void *at = tree->root;

    if (!covers(tree->height, index))
        return NULL;
    for (uint32_t level = tree->height; level > 0 && at; level--)
        at = ((struct tree_node *)at)->slots[slot_of(index, level)];
    return at;
}

/* Puts a node above the root until the tree covers `index`. */
static int grow(struct pagetree *tree, uint64_t index)
{
    while (!covers(tree->height, index)) {
        if (!tree->root) {
            tree->height++;
            continue;
        }
        struct tree_node *node = kmem_zalloc(&node_cache);
        if (!node)
            return -ENOMEM;
        node->slots[0] = tree->root;
        node->used = 1;
        tree->root = node;
        tree->height++;
    }
    return 0;
}

/* Lets go of everything below `at` with an index >= first. `first` is relative to the subtree. => is nothing
 * left? */
static bool cut(struct pagetree *tree, void *at, uint32_t level, uint64_t first)
{
    if (level == 0) {
        struct page *page = at;
        if (first > 0)
            return false;
        page->object = NULL;
        page_put(page);
        tree->count--;
        __atomic_sub_fetch(&pages_total, 1, __ATOMIC_RELAXED);
        return true;
    }

    struct tree_node *node = at;
    unsigned shift = (level - 1) * SLOT_BITS;
    uint64_t begin = first >> shift, within = first & ((1UL << shift) - 1);
    for (uint64_t slot = begin; slot < SLOTS; slot++, within = 0) {
        if (node->slots[slot] && cut(tree, node->slots[slot], level - 1, within)) {
            node->slots[slot] = NULL;
            node->used--;
        }
    }
    if (node->used > 0)
        return false;
    kmem_free(&node_cache, node);
    return true;
}

void pagetree_cut(struct pagetree *tree, uint64_t first)
{
    if (tree->root && covers(tree->height, first) && cut(tree, tree->root, tree->height, first)) {
        tree->root = NULL;
        tree->height = 0;
    }
}

/* Frees the nodes on the way to `index` that an insertion has made in vain. => is the subtree empty? */
static bool prune(void *at, uint32_t level, uint64_t index)
{
    struct tree_node *node = at;

    if (level == 0 || !at)
        return !at;
    void **slot = &node->slots[slot_of(index, level)];
    if (*slot && prune(*slot, level - 1, index)) {
        *slot = NULL;
        node->used--;
    }
    if (node->used > 0)
        return false;
    kmem_free(&node_cache, node);
    return true;
}

int pagetree_insert(struct pagetree *tree, uint64_t index, struct page *page)
{
    if (!tree->root)
        tree->height = 0;
    if (grow(tree, index) < 0)
        return -ENOMEM;

    void **slot = &tree->root;
    struct tree_node *above = NULL;
    for (uint32_t level = tree->height; level > 0; level--) {
        if (!*slot) {
            *slot = kmem_zalloc(&node_cache);
            if (!*slot)
                goto no_memory;
            if (above)
                above->used++;
        }
        above = *slot;
        slot = &above->slots[slot_of(index, level)];
    }
    assert(!*slot);
    *slot = page;
    if (above)
        above->used++;
    tree->count++;
    __atomic_add_fetch(&pages_total, 1, __ATOMIC_RELAXED);
    return 0;

no_memory:
    if (prune(tree->root, tree->height, index)) {
        tree->root = NULL;
        tree->height = 0;
    }
    return -ENOMEM;
}

/* Counts pages below `at`; sets *error when a node's own count is wrong. */
static uint64_t count_pages(void *at, uint32_t level, const char **error)
{
    struct tree_node *node = at;
    uint64_t pages = 0;
    uint32_t used = 0;

    if (level == 0) {
        if (((struct page *)at)->refs == 0)
            *error = "pagetree: a page without a reference";
        return 1;
    }
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        if (!node->slots[slot])
            continue;
        used++;
        pages += count_pages(node->slots[slot], level - 1, error);
    }
    if (used == 0 || used != node->used)
        *error = "pagetree: a node's count of slots";
    return pages;
}

const char *pagetree_check(const struct pagetree *tree)
{
    const char *error = NULL;
    uint64_t pages = tree->root ? count_pages(tree->root, tree->height, &error) : 0;

    if (!error && pages != tree->count)
        error = "pagetree: count of pages";
    return error;
}
