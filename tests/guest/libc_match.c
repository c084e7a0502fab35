/* SPDX-License-Identifier: MIT */
/* libc_match.c - what is found: names by patterns, files in trees, keys. fnmatch, glob, nftw, <search.h>. */
#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <glob.h>
#include <search.h>
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

/* ---- <search.h> ---- */

enum { KEYS = 1000 };

static int keys[KEYS], visits, out_of_order, last, deepest;

static int by_number(const void *one, const void *other)
{
    return *(const int *)one - *(const int *)other;
}

static void in_order(const void *node, VISIT when, int depth)
{
    if (depth > deepest)
        deepest = depth;
    if (when != postorder && when != leaf)
        return;
    visits++;
    out_of_order += **(const int *const *)node <= last;
    last = **(const int *const *)node;
}

static void walk(const void *root, int count)
{
    visits = out_of_order = deepest = 0;
    last = -1;
    twalk(root, in_order);
    expect("    visited", visits, count);
    expect("    out of order", out_of_order, 0);
    expect("    balanced", deepest < 20, 1);
}

/* Keys i * 7 % 1000 are all different, and come in no simple order; in another round they come in order. */
static void tree(const char *what, int step)
{
    void *root = NULL;
    int wrong = 0, copy = 500, none = KEYS;

    say("-- tsearch, %s", what);
    for (int i = 0; i < KEYS; i++) {
        keys[i] = i * step % KEYS;
        const int *const *node = tsearch(&keys[i], &root, by_number);
        wrong += !node || *node != &keys[i];
    }
    expect("added otherwise", wrong, 0);
    walk(root, KEYS);
    expect("one is there already", **(int **)tsearch(&copy, &root, by_number), 500);
    expect("    not ours", *(int **)tsearch(&copy, &root, by_number) != &copy, 1);
    expect("tfind", **(int **)tfind(&copy, &root, by_number), 500);
    expect("    of none", tfind(&none, &root, by_number) == NULL, 1);
    expect("tdelete of none", tdelete(&none, &root, by_number) == NULL, 1);
    for (int key = 0; key < KEYS; key += 1 + key % 2) /* 0, 1, 3, 5 ... */
        wrong += tdelete(&key, &root, by_number) == NULL;
    expect("deleted otherwise", wrong, 0);
    walk(root, KEYS / 2 - 1);
    for (int key = 2; key < KEYS; key += 2)
        wrong += tdelete(&key, &root, by_number) == NULL;
    expect("deleted otherwise", wrong, 0);
    expect("the tree is empty", root == NULL, 1);
}

static void table(void)
{
    static char names[100][8];
    int wrong = 0;

    say("-- hsearch");
    expect("hcreate", hcreate(200), 1);
    for (int i = 0; i < 100; i++) {
        snprintf(names[i], sizeof(names[i]), "key%d", i);
        wrong += hsearch((ENTRY){names[i], &keys[i]}, ENTER) == NULL;
    }
    for (int i = 0; i < 100; i++) {
        char copy[8];
        strcpy(copy, names[i]);
        const ENTRY *entry = hsearch((ENTRY){copy, NULL}, FIND);
        wrong += !entry || entry->key != names[i] || entry->data != &keys[i];
    }
    expect("found otherwise", wrong, 0);
    expect("one is there already", hsearch((ENTRY){"key7", NULL}, ENTER)->data == &keys[7], 1);
    expect("none", hsearch((ENTRY){"key100", NULL}, FIND) == NULL, 1);
    hdestroy();
    expect("another table", hcreate(1), 1);
    expect("is empty", hsearch((ENTRY){"key7", NULL}, FIND) == NULL, 1);
    hdestroy();
}

static void rows(void)
{
    struct row {
        struct row *next, *before;
        int number;
    } row[] = {{.number = 0}, {.number = 1}, {.number = 2}};
    int array[4] = {5, 6, 7}, seven = 7, eight = 8;
    size_t count = 3;

    say("-- lfind, lsearch, insque, remque");
    expect("lfind", (int *)lfind(&seven, array, &count, sizeof(int), by_number) - array, 2);
    expect("none", lfind(&eight, array, &count, sizeof(int), by_number) == NULL, 1);
    expect("lsearch", (int *)lsearch(&seven, array, &count, sizeof(int), by_number) - array, 2);
    expect("added", (int *)lsearch(&eight, array, &count, sizeof(int), by_number) - array, 3);
    expect("    count", (long)count, 4);
    expect("    it", array[3], 8);
    insque(&row[0], NULL);
    insque(&row[2], &row[0]);
    insque(&row[1], &row[0]);
    for (const struct row *at = row; at; at = at->next)
        say("    %d, before it %d", at->number, at->before ? at->before->number : -1);
    remque(&row[1]);
    expect("taken out", row[0].next == &row[2] && row[2].before == &row[0], 1);
    remque(&row[0]);
    expect("the first", row[2].before == NULL, 1);
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
    tree("mixed", 7);
    tree("in order", 1);
    table();
    rows();
    return finish();
}
