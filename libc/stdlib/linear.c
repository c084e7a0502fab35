/* SPDX-License-Identifier: MIT */
/* linear.c - arrays that are searched from the beginning to the end, and rows. */
#include <search.h>
#include <string.h>

void *lfind(const void *key, const void *array, size_t *count, size_t size,
            int (*compare)(const void *, const void *))
{
    const char *at = array;

    for (size_t i = 0; i < *count; i++, at += size) {
        if (compare(key, at) == 0)
            return (void *)at;
    }
    return NULL;
}

/* What is not there is added behind the last one, for which the array has room. */
void *lsearch(const void *key, void *array, size_t *count, size_t size,
              int (*compare)(const void *, const void *))
{
    void *found = lfind(key, array, count, size, compare);

    if (found)
        return found;
    return memcpy((char *)array + size * (*count)++, key, size);
}

struct element {
    struct element *next;
    struct element *before;
};

/* Behind `before`; NULL: it is the first of a row. */
void insque(void *element, void *before)
{
    struct element *new = element, *old = before;

    *new = (struct element){old ? old->next : NULL, old};
    if (!old)
        return;
    old->next = new;
    if (new->next)
        new->next->before = new;
}

void remque(void *element)
{
    const struct element *old = element;

    if (old->next)
        old->next->before = old->before;
    if (old->before)
        old->before->next = old->next;
}
