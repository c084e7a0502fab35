/* SPDX-License-Identifier: MIT */
/* sort.c - qsort and bsearch.
 *
 * Heapsort: in place, no malloc (an experiment may sort between two looks at the heap) and no bad case. Not
 * stable. */
#include <stdlib.h>
#include <string.h>

struct sorting {
    unsigned char *base;
    size_t size;
    int (*compare)(const void *, const void *, void *);
    void *argument;
};

static void swap(unsigned char *left, unsigned char *right, size_t size)
{
    unsigned char piece[64];

    while (size > 0) {
        size_t count = size < sizeof(piece) ? size : sizeof(piece);
        memcpy(piece, left, count);
        memcpy(left, right, count);
        memcpy(right, piece, count);
        left += count;
        right += count;
        size -= count;
    }
}

static unsigned char *item(const struct sorting *sorting, size_t index)
{
    return sorting->base + index * sorting->size;
}

static int less(const struct sorting *sorting, size_t left, size_t right)
{
    return sorting->compare(item(sorting, left), item(sorting, right), sorting->argument) < 0;
}

/* Item `root` sinks until no child is greater; children of i are 2i+1 and 2i+2. */
static void sift_down(const struct sorting *sorting, size_t root, size_t count)
{
    for (;;) {
        size_t child = 2 * root + 1;
        if (child >= count)
            return;
        if (child + 1 < count && less(sorting, child, child + 1))
            child++;
        if (!less(sorting, root, child))
            return;
        swap(item(sorting, root), item(sorting, child), sorting->size);
        root = child;
    }
}

void qsort_r(void *base, size_t count, size_t size, int (*compare)(const void *, const void *, void *),
             void *argument)
{
    struct sorting sorting = {base, size, compare, argument};

    for (size_t root = count / 2; root-- > 0;)
        sift_down(&sorting, root, count);
    while (count > 1) {
        count--;
        swap(item(&sorting, 0), item(&sorting, count), size);
        sift_down(&sorting, 0, count);
    }
}

struct plain_compare {
    int (*compare)(const void *, const void *);
};

static int compare_plain(const void *left, const void *right, void *argument)
{
    return ((struct plain_compare *)argument)->compare(left, right);
}

void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    struct plain_compare plain = {compare};

    qsort_r(base, count, size, compare_plain, &plain);
}

void *bsearch(const void *key, const void *base, size_t count, size_t size,
              int (*compare)(const void *, const void *))
{
    const unsigned char *first = base;

    while (count > 0) {
        const unsigned char *middle = first + count / 2 * size;
        int order = compare(key, middle);
        if (order == 0)
            return (void *)middle;
        if (order > 0) {
            first = middle + size;
            count--;
        }
        count /= 2;
    }
    return NULL;
}
