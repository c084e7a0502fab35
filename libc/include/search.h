/* SPDX-License-Identifier: MIT */
/* <search.h> - trees, tables of strings, arrays and rows that are searched. */
#ifndef _SEARCH_H
#define _SEARCH_H

#include <stddef.h>

/* ---- A balanced tree. What is handed out points to a place that holds the key; who adds a key sees by it whether his own is there. */
typedef enum {
    preorder,  /* before a key's smaller ones */
    postorder, /* between them and the greater ones */
    endorder,  /* after these */
    leaf       /* it has neither */
} VISIT;

void *tsearch(const void *key, void **root, int (*compare)(const void *, const void *));
void *tfind(const void *key, void *const *root, int (*compare)(const void *, const void *));
void *tdelete(const void *restrict key, void **restrict root, int (*compare)(const void *, const void *));
void twalk(const void *root, void (*visit)(const void *node, VISIT when, int depth));
void tdestroy(void *root, void (*free_key)(void *key));

/* ---- A table of strings: one for all, or one of the program's own. */
typedef enum { FIND, ENTER } ACTION;

typedef struct entry {
    char *key;
    void *data;
} ENTRY;

struct hsearch_data {
    struct __hash_table *__table;
};

int hcreate(size_t count);
ENTRY *hsearch(ENTRY entry, ACTION action);
void hdestroy(void);
int hcreate_r(size_t count, struct hsearch_data *table);
int hsearch_r(ENTRY entry, ACTION action, ENTRY **found, struct hsearch_data *table);
void hdestroy_r(struct hsearch_data *table);

/* ---- An array, from its beginning to its end. */
void *lfind(const void *key, const void *array, size_t *count, size_t size,
            int (*compare)(const void *, const void *));
void *lsearch(const void *key, void *array, size_t *count, size_t size,
              int (*compare)(const void *, const void *));

/* ---- A row, in one line or in a ring: each element begins with pointers to the one behind it and the one before it. */
void insque(void *element, void *before);
void remque(void *element);

#endif
