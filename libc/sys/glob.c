/* SPDX-License-Identifier: MIT */
/* glob.c - the files whose paths match a pattern.
 *
 *     pattern   src / * / main.[ch]
 *                |    |      |
 *     path      src  each   each entry of that one that matches
 *
 * The pattern is followed part by part. A part without wildcards is simply put behind the path; of one with, the directory reached so
 * far is read, and each entry that matches leads on. A path that comes to the pattern's end is a match if something is there. */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct search {
    char path[PATH_MAX];
    int flags;
    int (*failed)(const char *, int);
    glob_t *found;
    size_t before; /* empty places */
};

static int add(struct search *search, const char *path, bool marked)
{
    glob_t *found = search->found;
    size_t length = strlen(path), at = search->before + found->gl_pathc;
    char **larger = realloc(found->gl_pathv, (at + 2) * sizeof(*larger));

    if (!larger)
        return GLOB_NOSPACE;
    found->gl_pathv = larger;
    if (found->gl_pathc == 0)
        memset(larger, 0, at * sizeof(*larger));
    char *copy = malloc(length + 2);
    larger[at] = larger[at + 1] = NULL;
    if (!copy)
        return GLOB_NOSPACE;
    memcpy(copy, path, length);
    memcpy(copy + length, marked ? "/" : "", 2 - !marked);
    larger[at] = copy;
    found->gl_pathc++;
    return 0;
}

/* The path is whole. */
static int arrive(struct search *search, size_t length)
{
    struct stat info;

    if (lstat(search->path, &info) != 0)
        return 0;
    if (S_ISLNK(info.st_mode) && search->flags & (GLOB_MARK | GLOB_ONLYDIR))
        stat(search->path, &info);
    bool marked = search->flags & GLOB_MARK && S_ISDIR(info.st_mode) && search->path[length - 1] != '/';
    if (search->flags & GLOB_ONLYDIR && !S_ISDIR(info.st_mode))
        return 0;
    return add(search, search->path, marked);
}

static bool escapes(const struct search *search, const char *at)
{
    return *at == '\\' && at[1] && !(search->flags & GLOB_NOESCAPE);
}

/* Wildcards in the pattern's first `length` bytes. */
static bool wild(const struct search *search, const char *pattern, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (escapes(search, pattern + i))
            i++;
        else if (strchr("*?[", pattern[i]))
            return true;
    }
    return false;
}

static int follow(struct search *search, size_t length, const char *pattern);

static int follow_plain(struct search *search, size_t length, const char *part, size_t part_length)
{
    for (const char *at = part; at < part + part_length; at++) {
        at += escapes(search, at);
        if (length + 1 >= sizeof(search->path))
            return 0; /* no file has such a path */
        search->path[length++] = *at;
    }
    search->path[length] = '\0';
    return follow(search, length, part + part_length);
}

static int follow_entries(struct search *search, size_t length, DIR *directory, const char *part,
                          const char *rest)
{
    int flags = (search->flags & GLOB_NOESCAPE ? FNM_NOESCAPE : 0) |
                (search->flags & GLOB_PERIOD ? 0 : FNM_PERIOD);
    int result = 0;

    for (struct dirent *entry; !result && (entry = readdir(directory));) {
        size_t name_length = strlen(entry->d_name);
        if (length + name_length >= sizeof(search->path) || fnmatch(part, entry->d_name, flags) != 0)
            continue;
        if (*rest && entry->d_type == DT_REG)
            continue;
        memcpy(search->path + length, entry->d_name, name_length + 1);
        result = follow(search, length + name_length, rest);
    }
    return result;
}

/* What is no directory, or gone, has no matches in it; other errors are told. */
static int follow_wild(struct search *search, size_t length, const char *part, size_t part_length)
{
    search->path[length] = '\0';
    DIR *directory = opendir(length ? search->path : ".");
    if (!directory) {
        if (errno == ENOTDIR || errno == ENOENT)
            return 0;
        if (errno == ENOMEM)
            return GLOB_NOSPACE;
        bool stop = search->failed && search->failed(search->path, errno) != 0;
        return stop || search->flags & GLOB_ERR ? GLOB_ABORTED : 0;
    }
    char *alone = strndup(part, part_length);
    int result = alone ? follow_entries(search, length, directory, alone, part + part_length) : GLOB_NOSPACE;
    free(alone);
    closedir(directory);
    return result;
}

/* The path's first `length` bytes are there. */
static int follow(struct search *search, size_t length, const char *pattern)
{
    while (*pattern == '/' && length + 1 < sizeof(search->path))
        search->path[length++] = *pattern++;
    search->path[length] = '\0';
    if (*pattern == '\0')
        return length ? arrive(search, length) : 0;
    size_t part_length = strcspn(pattern, "/");
    return (wild(search, pattern, part_length) ? follow_wild : follow_plain)(search, length, pattern,
                                                                             part_length);
}

static int compare(const void *one, const void *other)
{
    return strcmp(*(char *const *)one, *(char *const *)other);
}

int glob(const char *restrict pattern, int flags, int (*failed)(const char *path, int error),
         glob_t *restrict found)
{
    struct search search = {.flags = flags, .failed = failed, .found = found};

    search.before = flags & GLOB_DOOFFS ? found->gl_offs : 0;
    if (!(flags & GLOB_APPEND)) {
        found->gl_pathc = 0;
        found->gl_pathv = NULL;
        found->gl_offs = search.before;
    }
    size_t old = found->gl_pathc;
    int result = follow(&search, 0, pattern);
    if (!result && found->gl_pathc == old) {
        bool itself = flags & GLOB_NOCHECK ||
                      (flags & GLOB_NOMAGIC && !wild(&search, pattern, strlen(pattern)));
        return itself ? add(&search, pattern, false) : GLOB_NOMATCH;
    }
    if (!(flags & GLOB_NOSORT) && found->gl_pathc > old)
        qsort(found->gl_pathv + search.before + old, found->gl_pathc - old, sizeof(char *), compare);
    return result;
}

void globfree(glob_t *found)
{
    for (size_t i = 0; i < found->gl_pathc; i++)
        free(found->gl_pathv[found->gl_offs + i]);
    free(found->gl_pathv);
    found->gl_pathc = 0;
    found->gl_pathv = NULL;
}
