/* SPDX-License-Identifier: MIT */
/* ftw.c - a function called for every file of a tree.
 *
 * A directory is read as a whole and closed before its entries are visited: however deep the tree, one descriptor is enough, and the
 * function may remove what it is shown. Who follows links can come back to where he came from; a directory that is its own ancestor
 * is not visited again. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct walk {
    char path[PATH_MAX];
    int (*visit)(const char *, const struct stat *, int, struct FTW *);
    int (*visit_plainly)(const char *, const struct stat *, int); /* ftw's; or NULL */
    int flags;
    int start; /* FTW_CHDIR: the directory that paths begin in */
    dev_t device;
};

struct ancestor {
    dev_t device;
    ino_t number;
    const struct ancestor *above;
};

/* Calls in the directory that the path's first `base` bytes are, and comes back. */
static int tell_there(struct walk *walk, const struct stat *info, int kind, struct FTW *place)
{
    char first = walk->path[place->base];

    walk->path[place->base] = '\0';
    int result = place->base ? chdir(walk->path) : 0;
    walk->path[place->base] = first;
    if (result == 0)
        result = walk->visit(walk->path, info, kind, place);
    return fchdir(walk->start) == 0 ? result : -1;
}

static int tell(struct walk *walk, const struct stat *info, int kind, struct FTW place)
{
    if (walk->visit_plainly)
        return walk->visit_plainly(walk->path, info, kind);
    if (walk->flags & FTW_CHDIR)
        return tell_there(walk, info, kind, &place);
    return walk->visit(walk->path, info, kind, &place);
}

/* => one of FTW_*; -1: no tree is there, or an error that is no file's own. */
static int look(const struct walk *walk, struct stat *info, int level)
{
    bool physical = walk->flags & FTW_PHYS;

    memset(info, 0, sizeof(*info));
    if ((physical ? lstat : stat)(walk->path, info) == 0) {
        if (S_ISDIR(info->st_mode))
            return FTW_D;
        return S_ISLNK(info->st_mode) ? FTW_SL : FTW_F;
    }
    if (errno != EACCES && errno != ENOENT)
        return -1;
    if (!physical && lstat(walk->path, info) == 0 && S_ISLNK(info->st_mode))
        return walk->visit_plainly ? FTW_SL : FTW_SLN;
    return level || errno == EACCES ? FTW_NS : -1;
}

static int wanted(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static bool is_above(const struct stat *info, const struct ancestor *above)
{
    while (above && (above->device != info->st_dev || above->number != info->st_ino))
        above = above->above;
    return above;
}

static int walk_to(struct walk *walk, size_t length, struct FTW place, const struct ancestor *above);

static int walk_entries(struct walk *walk, size_t length, struct dirent **entries, int count, int level,
                        const struct ancestor *above)
{
    int result = 0;

    if (length && walk->path[length - 1] != '/')
        walk->path[length++] = '/';
    for (int i = 0; i < count; i++) {
        size_t name_length = strlen(entries[i]->d_name);
        if (!result && length + name_length >= sizeof(walk->path) - 1) {
            errno = ENAMETOOLONG;
            result = -1;
        }
        if (!result) {
            memcpy(walk->path + length, entries[i]->d_name, name_length + 1);
            result = walk_to(walk, length + name_length, (struct FTW){(int)length, level}, above);
        }
        free(entries[i]);
    }
    free(entries);
    return result;
}

static int walk_directory(struct walk *walk, size_t length, struct FTW place, const struct stat *info,
                          const struct ancestor *above)
{
    struct ancestor here = {info->st_dev, info->st_ino, above};
    struct dirent **entries;
    bool after = walk->flags & FTW_DEPTH;

    if (is_above(info, above))
        return 0;
    int count = scandir(walk->path, &entries, wanted, NULL);
    if (count < 0)
        return errno == EACCES ? tell(walk, info, FTW_DNR, place) : -1;
    int result = after ? 0 : tell(walk, info, FTW_D, place);
    if (result) {
        while (count > 0)
            free(entries[--count]);
        free(entries);
        return result;
    }
    result = walk_entries(walk, length, entries, count, place.level + 1, &here);
    walk->path[length] = '\0';
    return result || !after ? result : tell(walk, info, FTW_DP, place);
}

/* The path is `length` long. */
static int walk_to(struct walk *walk, size_t length, struct FTW place, const struct ancestor *above)
{
    struct stat info;
    int kind = look(walk, &info, place.level);

    if (kind < 0)
        return -1;
    if (place.level == 0)
        walk->device = info.st_dev;
    if (walk->flags & FTW_MOUNT && kind != FTW_NS && info.st_dev != walk->device)
        return 0;
    return kind == FTW_D ? walk_directory(walk, length, place, &info, above) : tell(walk, &info, kind, place);
}

static int walk_from(struct walk *walk, const char *path)
{
    size_t length = strlen(path), base = length;

    if (length + 1 >= sizeof(walk->path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(walk->path, path, length + 1);
    while (base > 0 && path[base - 1] == '/')
        base--;
    while (base > 0 && path[base - 1] != '/')
        base--;
    return walk_to(walk, length, (struct FTW){(int)base, 0}, NULL);
}

int nftw(const char *path,
         int (*visit)(const char *path, const struct stat *info, int kind, struct FTW *place),
         int descriptors, int flags)
{
    struct walk walk = {.visit = visit, .flags = flags, .start = -1};

    (void)descriptors;
    if (flags & FTW_CHDIR) {
        walk.start = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (walk.start < 0)
            return -1;
    }
    int result = walk_from(&walk, path);
    if (walk.start >= 0)
        close(walk.start);
    return result;
}

int ftw(const char *path, int (*visit)(const char *path, const struct stat *info, int kind), int descriptors)
{
    struct walk walk = {.visit_plainly = visit, .start = -1};

    (void)descriptors;
    return walk_from(&walk, path);
}
