/* SPDX-License-Identifier: MIT */
/* ls [-l] [PATH...] - names in a directory, in alphabetical order; -l adds type, permissions and size.
 * Names that begin with a dot are left out. */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool with_details;

static int complain(const char *name)
{
    fprintf(stderr, "ls: %s: %s\n", name, strerror(errno));
    return 1;
}

static char type_letter(mode_t mode)
{
    if (S_ISDIR(mode))
        return 'd';
    if (S_ISLNK(mode))
        return 'l';
    if (S_ISCHR(mode))
        return 'c';
    return S_ISFIFO(mode) ? 'p' : '-';
}

static int show(const char *folder, const char *name)
{
    char path[4096];
    struct stat about;

    if (!with_details)
        return puts(name) < 0;
    snprintf(path, sizeof(path), "%s%s%s", folder ? folder : "", folder ? "/" : "", name);
    if (lstat(path, &about) != 0)
        return complain(path);
    printf("%c", type_letter(about.st_mode));
    for (int bit = 8; bit >= 0; bit--)
        putchar(about.st_mode >> bit & 1 ? "xwr"[bit % 3] : '-');
    printf(" %10lld  %s\n", (long long)about.st_size, name);
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Doubles the room of a list that is full. => false without memory; the list is still there */
static bool make_room(char ***names, size_t count)
{
    size_t room = count ? 2 * count : 1;
    char **larger;

    if (count & (count - 1)) /* full only when a power of two, or empty */
        return true;
    larger = realloc(*names, room * sizeof(**names));
    if (larger)
        *names = larger;
    return larger;
}

static int show_directory(const char *path, DIR *directory)
{
    size_t count = 0;
    char **names = NULL;
    struct dirent *entry;
    int status = 0;

    while (!status && (entry = readdir(directory))) {
        if (entry->d_name[0] == '.')
            continue;
        if (!make_room(&names, count) || !(names[count] = strdup(entry->d_name)))
            status = complain(path);
        else
            count++;
    }
    if (count > 0)
        qsort(names, count, sizeof(*names), by_name);
    for (size_t i = 0; i < count; i++) {
        status |= show(path, names[i]);
        free(names[i]);
    }
    free(names);
    return status;
}

static int list(const char *path)
{
    DIR *directory = opendir(path);
    int status;

    if (!directory)
        return errno == ENOTDIR ? show(NULL, path) : complain(path);
    status = show_directory(path, directory);
    closedir(directory);
    return status;
}

int main(int argc, char **argv)
{
    int first = argc > 1 && strcmp(argv[1], "-l") == 0 ? 2 : 1;
    int status = 0;

    with_details = first == 2;
    if (first == argc)
        return list(".");
    for (int i = first; i < argc; i++) {
        if (argc - first > 1)
            printf("%s:\n", argv[i]);
        status |= list(argv[i]);
    }
    return status;
}
