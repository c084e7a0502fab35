/* SPDX-License-Identifier: MIT */
/* trees.c - what fnmatch, glob and nftw do beyond musl's: characters with names, directories that cannot be read, the directory of each call,
 * links that lead around. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/trees.XXXXXX";
static int calls, elsewhere, lines;
static char seen[16][128];

static int told(const char *path, int error)
{
    (void)path;
    calls += error == ELOOP;
    return 0;
}

static int stop(const char *path, int error)
{
    return told(path, error) + 1;
}

static int see(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    struct stat here;

    if (kind != FTW_DP && kind != FTW_SLN) /* glibc calls from inside a directory that is done */
        elsewhere += lstat(path + place->base, &here) != 0 || here.st_ino != info->st_ino;
    snprintf(seen[lines++ % 16], sizeof(seen[0]), "%s kind %d level %d", path, kind, place->level);
    return 0;
}

static int plainly(const char *path, const struct stat *info, int kind)
{
    snprintf(seen[lines++ % 16], sizeof(seen[0]), "%s kind %d %d", path, kind, S_ISDIR(info->st_mode));
    return 0;
}

static int uproot(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info, (void)kind, (void)place;
    return remove(path);
}

static int compare(const void *one, const void *other)
{
    return strcmp(one, other);
}

static void walked(const char *what, int result)
{
    printf("%s: %d\n", what, result);
    qsort(seen, (size_t)lines, sizeof(seen[0]), compare);
    for (int i = 0; i < lines; i++)
        printf("    %s\n", seen[i]);
    lines = 0;
}

static void patterns(void)
{
    glob_t found;

    printf("by name: %d %d %d\n", fnmatch("[[.-.]]", "-", 0), fnmatch("[[=a=]b]", "a", 0),
           fnmatch("[[.a.]-c]", "b", 0));
    printf("an escape in brackets: %d %d\n", fnmatch("[\\]]", "]", 0), fnmatch("[a\\-c]", "b", 0));
    printf("told: %d", glob("loop/*", 0, told, &found));
    printf(" %d\n", calls);
    printf("stopped: %d", glob("loop/*", 0, stop, &found));
    printf(" %d\n", calls);
    printf("GLOB_ERR: %d\n", glob("loop/*", GLOB_ERR, NULL, &found));
    printf("no pattern: %d", glob("nothing", GLOB_NOMAGIC, NULL, &found));
    printf(" %s\n", found.gl_pathv[0]);
    globfree(&found);
    printf("a pattern: %d\n", glob("nothing*", GLOB_NOMAGIC, NULL, &found));
    printf("directories only: %d", glob("*", GLOB_ONLYDIR, NULL, &found));
    for (size_t i = 0; i < found.gl_pathc; i++)
        printf(" %s", found.gl_pathv[i]);
    printf("\n");
    globfree(&found);
}

int main(void)
{
    if (!mkdtemp(folder) || chdir(folder) != 0)
        return 1;
    mkdir("a", 0700), mkdir("a/b", 0700);
    close(open("a/b/file", O_CREAT | O_WRONLY, 0600));
    (void)!symlink("..", "a/b/up"), (void)!symlink("nothing", "a/b/broken"), (void)!symlink("loop", "loop");
    patterns();
    walked("in each directory", nftw("a", see, 1, FTW_PHYS | FTW_CHDIR));
    walked("afterwards", nftw("a", see, 1, FTW_PHYS | FTW_CHDIR | FTW_DEPTH));
    walked("around", nftw("a", see, 5, FTW_CHDIR));
    printf("elsewhere: %d, back: %d\n", elsewhere, access("a/b/file", F_OK));
    unlink("a/b/broken");
    walked("ftw", ftw("a", plainly, 1));
    int result = nftw(folder, uproot, 1, FTW_PHYS | FTW_DEPTH);
    printf("removed: %d %d\n", result, access(folder, F_OK));
    return 0;
}
