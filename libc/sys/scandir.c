/* SPDX-License-Identifier: MIT */
/* scandir.c - a whole directory in an array, chosen and sorted. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

struct listing {
    struct dirent **entries;
    size_t count;
    size_t room;
};

static int listing_add(struct listing *listing, const struct dirent *entry)
{
    if (listing->count == listing->room) {
        size_t room = listing->room * 2 + 16;
        struct dirent **larger = realloc(listing->entries, room * sizeof(*larger));
        if (larger == NULL)
            return -1;
        listing->entries = larger;
        listing->room = room;
    }
    struct dirent *copy = malloc(entry->d_reclen);
    if (copy == NULL)
        return -1;
    memcpy(copy, entry, entry->d_reclen);
    listing->entries[listing->count++] = copy;
    return 0;
}

static void listing_free(struct listing *listing)
{
    while (listing->count > 0)
        free(listing->entries[--listing->count]);
    free(listing->entries);
}

int alphasort(const struct dirent **left, const struct dirent **right)
{
    return strcmp((*left)->d_name, (*right)->d_name);
}

/* Every entry is malloc's, and so is the array. Returns how many. */
int scandir(const char *path, struct dirent ***entries, int (*wanted)(const struct dirent *),
            int (*compare)(const struct dirent **, const struct dirent **))
{
    struct listing listing = {0};
    DIR *directory = opendir(path);

    if (directory == NULL)
        return -1;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (wanted != NULL && !wanted(entry))
            continue;
        if (listing_add(&listing, entry) != 0) {
            listing_free(&listing);
            closedir(directory);
            return -1;
        }
    }
    closedir(directory);
    if (compare != NULL)
        qsort(listing.entries, listing.count, sizeof(*listing.entries),
              (int (*)(const void *, const void *))compare);
    *entries = listing.entries;
    return (int)listing.count;
}
