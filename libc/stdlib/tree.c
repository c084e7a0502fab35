/* SPDX-License-Identifier: MIT */
/* tree.c - tsearch and its kin: a balanced tree (Adelson-Velsky and Landis). The heights of a node's two sides differ by one at most, so
 * that a tree of n keys is never higher than 1.44 log2 n: recursion is not deep.
 *
 *        a                  b
 *       / \                / \
 *      .   b      =>      a   c       rotate(a, right): when b's right side is the higher one
 *         / \            / \
 *        .   c          .   .
 */
#include <search.h>
#include <stdlib.h>

enum { LEFT, RIGHT };

struct node {
    const void *key; /* first: what the program sees of a node */
    struct node *side[2];
    int height; /* 1: a leaf */
};

typedef int compare_function(const void *, const void *);

static int height_of(const struct node *node)
{
    return node ? node->height : 0;
}

static void measure(struct node *node)
{
    int left = height_of(node->side[LEFT]), right = height_of(node->side[RIGHT]);

    node->height = 1 + (left > right ? left : right);
}

static struct node *rotate(struct node *node, int up)
{
    struct node *top = node->side[up];

    node->side[up] = top->side[!up];
    top->side[!up] = node;
    measure(node);
    measure(top);
    return top;
}

/* After one of its sides has grown or shrunk by one. => the node that is on top now */
static struct node *balance(struct node *node)
{
    int lean = height_of(node->side[RIGHT]) - height_of(node->side[LEFT]);
    int high = lean > 0 ? RIGHT : LEFT;

    measure(node);
    if (lean >= -1 && lean <= 1)
        return node;
    struct node *child = node->side[high];
    if (height_of(child->side[!high]) > height_of(child->side[high]))
        node->side[high] = rotate(child, !high);
    return rotate(node, high);
}

/* *found: the key's node, old or new; NULL: no memory, nothing has changed. */
static struct node *insert(struct node *tree, const void *key, compare_function *compare, struct node **found)
{
    if (!tree) {
        *found = malloc(sizeof(**found));
        if (*found)
            **found = (struct node){.key = key, .height = 1};
        return *found;
    }
    int order = compare(key, tree->key);
    if (order == 0) {
        *found = tree;
        return tree;
    }
    tree->side[order > 0] = insert(tree->side[order > 0], key, compare, found);
    return balance(tree);
}

void *tsearch(const void *key, void **root, int (*compare)(const void *, const void *))
{
    struct node *found = NULL;

    if (!root)
        return NULL;
    *root = insert(*root, key, compare, &found);
    return found;
}

void *tfind(const void *key, void *const *root, int (*compare)(const void *, const void *))
{
    struct node *node = root ? *root : NULL;

    for (int order; node && (order = compare(key, node->key)) != 0;)
        node = node->side[order > 0];
    return node;
}

/* Takes the smallest out. => what is left */
static struct node *take_first(struct node *tree, struct node **first)
{
    if (!tree->side[LEFT]) {
        *first = tree;
        return tree->side[RIGHT];
    }
    tree->side[LEFT] = take_first(tree->side[LEFT], first);
    return balance(tree);
}

/* *gone: the key's node, taken out, or NULL; *parent: the one above it. */
static struct node *take(struct node *tree, const void *key, compare_function *compare, struct node **gone,
                         struct node **parent)
{
    struct node *next;

    if (!tree)
        return NULL;
    int order = compare(key, tree->key);
    if (order != 0) {
        tree->side[order > 0] = take(tree->side[order > 0], key, compare, gone, parent);
        if (*gone && !*parent)
            *parent = tree;
        return balance(tree);
    }
    *gone = tree;
    if (!tree->side[RIGHT])
        return tree->side[LEFT];
    struct node *rest = take_first(tree->side[RIGHT], &next);
    next->side[LEFT] = tree->side[LEFT];
    next->side[RIGHT] = rest;
    return balance(next);
}

/* Returns the node above, above the root something that is not NULL. */
void *tdelete(const void *restrict key, void **restrict root, int (*compare)(const void *, const void *))
{
    struct node *gone = NULL, *parent = NULL;

    if (!root)
        return NULL;
    *root = take(*root, key, compare, &gone, &parent);
    if (!gone)
        return NULL;
    free(gone);
    return parent ? (void *)parent : (void *)root;
}

static void walk(const struct node *node, void (*visit)(const void *, VISIT, int), int depth)
{
    if (!node)
        return;
    if (node->height == 1) {
        visit(node, leaf, depth);
        return;
    }
    visit(node, preorder, depth);
    walk(node->side[LEFT], visit, depth + 1);
    visit(node, postorder, depth);
    walk(node->side[RIGHT], visit, depth + 1);
    visit(node, endorder, depth);
}

void twalk(const void *root, void (*visit)(const void *node, VISIT when, int depth))
{
    walk(root, visit, 0);
}

void tdestroy(void *root, void (*free_key)(void *key))
{
    struct node *node = root;

    if (!node)
        return;
    tdestroy(node->side[LEFT], free_key);
    tdestroy(node->side[RIGHT], free_key);
    if (free_key)
        free_key((void *)node->key);
    free(node);
}
