/* SPDX-License-Identifier: MIT */
/* libc_match.c - files by patterns and in trees: fnmatch, glob, nftw. */
#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <glob.h>
#include <sys/stat.h>

#include "check.h"

#define TREE "/tmp/libc_match"

/* ---- fnmatch ---- */

static void match(const char *pattern, const char *name, int flags)
{
    say("%-16s %-14s %x: %s", pattern, name, (unsigned int)flags,
        fnmatch(pattern, name, flags) == 0 ? "yes" : "no");
}

static void wildcards(void)
{
    say("-- fnmatch");
    match("", "", 0);
    match("", "a", 0);
    match("abc", "abc", 0);
    match("abc", "abcd", 0);
    match("*", "", 0);
    match("*", "anything", 0);
    match("a*", "a", 0);
    match("a*c", "abcbc", 0);
    match("*ab*ab*c", "xababab", 0);
    match("*ab*ab*c", "xabyabzzc", 0);
    match("**a", "ba", 0);
    match("?", "", 0);
    match("?", "x", 0);
    match("a?c", "abc", 0);
    match("*?*?", "a", 0);
    match("\\*", "*", 0);
    match("\\*", "x", 0);
    match("\\*", "\\x", FNM_NOESCAPE);
    match("a\\b", "ab", 0);
}

static void brackets(void)
{
    match("[abc]", "b", 0);
    match("[abc]", "d", 0);
    match("[!abc]", "d", 0);
    match("[!abc]", "a", 0);
    match("[a-c]x", "bx", 0);
    match("[a-c]x", "dx", 0);
    match("[]a]", "]", 0);
    match("[!]a]", "]", 0);
    match("[a-]", "-", 0);
    match("[-a]", "-", 0);
    match("[abc", "[abc", 0);
    match("[", "[", 0);
    match("x[", "x", 0);
    match("[[:digit:]]", "7", 0);
    match("[[:digit:]]", "x", 0);
    match("[![:space:]_]", "_", 0);
    match("[[:alpha:]0]", "0", 0);
    match("*[0-9].c", "file10.c", 0);
}

static void paths(void)
{
    match("*", "a/b", 0);
    match("*", "a/b", FNM_PATHNAME);
    match("*/b", "a/b", FNM_PATHNAME);
    match("a?b", "a/b", 0);
    match("a?b", "a/b", FNM_PATHNAME);
    match("a[!x]b", "a/b", FNM_PATHNAME);
    match("*/*.c", "x/y.c", FNM_PATHNAME);
    match("*/*.c", "x/y/z.c", FNM_PATHNAME);
    match("a*/b", "a/x/b", FNM_PATHNAME);
    match("*", ".hidden", 0);
    match("*", ".hidden", FNM_PERIOD);
    match(".*", ".hidden", FNM_PERIOD);
    match("?x", ".x", FNM_PERIOD);
    match("[.]x", ".x", FNM_PERIOD);
    match("a*", "a.x", FNM_PERIOD);
    match("*/*", "a/.x", FNM_PERIOD);
    match("*/*", "a/.x", FNM_PERIOD | FNM_PATHNAME);
    match("*/.*", "a/.x", FNM_PERIOD | FNM_PATHNAME);
    match("usr", "usr/lib", 0);
    match("usr", "usr/lib", FNM_LEADING_DIR);
    match("u*", "usr/lib/x", FNM_LEADING_DIR | FNM_PATHNAME);
    match("us", "usr/lib", FNM_LEADING_DIR);
    match("ABC*", "abcd", 0);
    match("ABC*", "abcd", FNM_CASEFOLD);
    match("[A-C]", "b", FNM_CASEFOLD);
}

/* ---- A tree ---- */

static void plant(void)
{
    static const char *directories[] = {TREE, TREE "/a", TREE "/b", TREE "/b/deep", TREE "/.d"};
    static const char *files[] = {TREE "/a/one.c",      TREE "/a/two.c", TREE "/a/.three.c", TREE "/b/one.h",
                                  TREE "/b/deep/one.c", TREE "/.d/in.c", TREE "/star*",      TREE "/plain"};

    for (size_t i = 0; i < sizeof(directories) / sizeof(*directories); i++)
        mkdir(directories[i], 0700);
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
        close(open(files[i], O_CREAT | O_WRONLY, 0600));
    (void)!symlink("a", TREE "/link");
    (void)!symlink("loop", TREE "/loop");
    (void)!symlink("nothing", TREE "/broken");
}

static glob_t found;

static int tell(const char *path, int error)
{
    say("    told of %.4s: %s", path, error_name(error));
    return 0;
}

static void search(const char *pattern, int flags, int (*failed)(const char *, int))
{
    static const char *answers[] = {"found", "no space", "aborted", "no match"};
    int answer = glob(pattern, flags, failed, &found);

    say("%s %x: %s, %zu", pattern, (unsigned int)flags, answers[answer], (size_t)found.gl_pathc);
    for (size_t i = 0; i < found.gl_pathc; i++)
        say("    %s", found.gl_pathv[(flags & GLOB_DOOFFS ? found.gl_offs : 0) + i]);
}

static void once(const char *pattern, int flags)
{
    search(pattern, flags, NULL);
    globfree(&found);
}

static void globs(void)
{
    say("-- glob");
    once("*", 0);
    once("*", GLOB_MARK);
    once("*", GLOB_PERIOD);
    once("a/*.c", 0);
    once("*/*.c", 0);
    once("*/*/*.c", 0);
    once("./[ab]/one.?", 0);
    once(TREE "/b//*.h", 0);
    once("*/", 0);
    once("a/", 0);
    once(".d*/*.c", 0);
    once("star\\*", 0);
    once("plain", 0);
    once("plain/*", 0);
    once("broken", 0);
    once("nothing", 0);
    once("nothing", GLOB_NOCHECK);
    once("nothing*", GLOB_NOCHECK);
    once("nothing/*", 0);
    once("", 0);
    search("loop/*", 0, tell);
    found.gl_offs = 2;
    search("a/*.c", GLOB_DOOFFS, NULL);
    expect("places in front", found.gl_pathv[0] == NULL && found.gl_pathv[1] == NULL, 1);
    search("b/*", GLOB_DOOFFS | GLOB_APPEND, NULL);
    search("a/two.c", GLOB_DOOFFS | GLOB_APPEND, NULL);
    expect("an end", found.gl_pathv[2 + found.gl_pathc] == NULL, 1);
    globfree(&found);
}

/* ---- nftw: entries come in any order, so what was seen is sorted ---- */

static char seen[32][64];
static int seen_count, files_left;

static const char *kind_name(int kind)
{
    switch (kind) {
    case FTW_F:
        return "file";
    case FTW_D:
        return "directory";
    case FTW_DP:
        return "directory, after";
    case FTW_SL:
        return "link";
    case FTW_SLN:
        return "link to nothing";
    default:
        return "other";
    }
}

static int see(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    snprintf(seen[seen_count++ % 32], sizeof(seen[0]), "%s: %s, level %d, name %s%s", path, kind_name(kind),
             place->level, path + place->base, kind == FTW_F && !S_ISREG(info->st_mode) ? ", and none" : "");
    return 0;
}

static int see_plainly(const char *path, const struct stat *info, int kind)
{
    snprintf(seen[seen_count++ % 32], sizeof(seen[0]), "%s: %s%s", path, kind_name(kind),
             kind == FTW_D && !S_ISDIR(info->st_mode) ? ", and none" : "");
    return 0;
}

static int compare(const void *one, const void *other)
{
    return strcmp(one, other);
}

static void walked(const char *what, int result)
{
    expect(what, result, 0);
    qsort(seen, (size_t)seen_count, sizeof(seen[0]), compare);
    for (int i = 0; i < seen_count; i++)
        say("    %s", seen[i]);
    seen_count = 0;
}

static int stop_at_deep(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info, (void)kind;
    return strcmp(path + place->base, "deep") == 0 ? 7 : 0;
}

/* Everything below comes before a directory, so that it can be removed then. */
static int uproot(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info, (void)kind, (void)place;
    files_left += remove(path) != 0;
    return 0;
}

static void trees(void)
{
    say("-- nftw");
    walked("links stay links", nftw(".", see, 10, FTW_PHYS));
    walked("below", nftw("b", see, 10, FTW_PHYS | FTW_DEPTH));
    walked("with a long path", nftw(TREE "/b", see, 10, FTW_PHYS | FTW_MOUNT));
    walked("a file", nftw("a/one.c", see, 10, FTW_PHYS));
    walked("a link", nftw("link", see, 10, FTW_PHYS));
    walked("a link to nothing", nftw("broken", see, 10, 0));
    walked("ftw", ftw("b", see_plainly, 10));
    (void)!symlink("nothing", TREE "/b/deep/broken");
    walked("links are followed", nftw("b", see, 10, 0));
    expect("the function stops it", nftw(".", stop_at_deep, 10, FTW_PHYS), 7);
    expect_error("nothing", nftw("nothing", see, 10, 0), ENOENT);
    expect_error("a link to itself", nftw("loop", see, 10, 0), ELOOP);
    expect("removing all", nftw(TREE, uproot, 10, FTW_PHYS | FTW_DEPTH), 0);
    expect("    failed", files_left, 0);
    expect_error("the tree is gone", access(TREE, F_OK), ENOENT);
}

int main(void)
{
    wildcards();
    brackets();
    paths();
    plant();
    if (chdir(TREE) != 0)
        return 1;
    globs();
    trees();
    return finish();
}
