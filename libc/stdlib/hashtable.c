/* SPDX-License-Identifier: MIT */
/* hashtable.c - hsearch: strings in chains, by a hash of theirs. An entry stays where it is, since the program keeps pointers to it; so the
 * table does not grow beyond the number of chains that it was made with, but the chains do. Keys are the program's. */
#include <errno.h>
#include <search.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct link {
    ENTRY entry; /* first: what the program sees of it */
    struct link *next;
};

struct __hash_table {
    size_t count; /* of chains */
    struct link *chains[];
};

static struct hsearch_data common;

/* Daniel Bernstein's: times 33, plus the character. */
static size_t hash(const char *key)
{
    size_t sum = 5381;

    while (*key)
        sum = sum * 33 + (unsigned char)*key++;
    return sum;
}

/* Returns 0 when there is no memory, or a table already. */
int hcreate_r(size_t count, struct hsearch_data *table)
{
    struct __hash_table *made = NULL;

    count = count < 16 ? 16 : count;
    if (table->__table || count > SIZE_MAX / sizeof(struct link *) - 1)
        errno = table->__table ? EINVAL : ENOMEM;
    else
        made = calloc(1, sizeof(*made) + count * sizeof(made->chains[0]));
    if (!made)
        return 0;
    made->count = count;
    table->__table = made;
    return 1;
}

int hsearch_r(ENTRY entry, ACTION action, ENTRY **found, struct hsearch_data *table)
{
    struct link **at = &table->__table->chains[hash(entry.key) % table->__table->count];

    while (*at && strcmp((*at)->entry.key, entry.key) != 0)
        at = &(*at)->next;
    if (!*at && action == FIND)
        errno = ESRCH;
    else if (!*at && (*at = malloc(sizeof(**at))) != NULL)
        **at = (struct link){.entry = entry};
    *found = *at ? &(*at)->entry : NULL;
    return *at != NULL;
}

void hdestroy_r(struct hsearch_data *table)
{
    for (size_t i = 0; table->__table && i < table->__table->count; i++) {
        for (struct link *link = table->__table->chains[i], *next; link; link = next) {
            next = link->next;
            free(link);
        }
    }
    free(table->__table);
    table->__table = NULL;
}

int hcreate(size_t count)
{
    return hcreate_r(count, &common);
}

ENTRY *hsearch(ENTRY entry, ACTION action)
{
    ENTRY *found;

    hsearch_r(entry, action, &found, &common);
    return found;
}

void hdestroy(void)
{
    hdestroy_r(&common);
}
