/* SPDX-License-Identifier: MIT */
/* errors_paths.c - what the calls on paths refuse, and each of their flags. */
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

#include "errors.h"

#define D "/tmp/errors_paths"

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#define RENAME_EXCHANGE 2
#endif

static char long_name[300], long_path[5000];
static int directory, file, closed = 60;

/* Each call that takes a path, with the same bad ones. `call` follows: path => result. */
#define PATHS(call, before, ...)                                                                             \
    ROW(call, before D "/nothing" __VA_ARGS__);                                                              \
    ROW(call, before D "/nothing/x" __VA_ARGS__);                                                            \
    ROW(call, before D "/file/x" __VA_ARGS__);                                                               \
    ROW(call, before "" __VA_ARGS__);                                                                        \
    ROW(call, before BAD __VA_ARGS__);                                                                       \
    ROW(call, before long_name __VA_ARGS__);                                                                 \
    ROW(call, before long_path __VA_ARGS__);                                                                 \
    ROW(call, before D "/ring/x" __VA_ARGS__);                                                               \
    ROW(call, before D "/ring" __VA_ARGS__)
#define COMMA ,

static void make_tree(void)
{
    memset(long_name, 'n', sizeof(long_name) - 1);
    memset(long_path, '/', sizeof(long_path) - 1);
    mkdir(D, 0755);
    mkdir(D "/dir", 0755);
    mkdir(D "/full", 0755);
    mkdir(D "/full/dir", 0755);
    close(open(D "/file", O_WRONLY | O_CREAT, 0644));
    close(open(D "/plain", O_WRONLY | O_CREAT, 0644));
    (void)!symlink("ring2", D "/ring");
    (void)!symlink("ring", D "/ring2");
    (void)!symlink("nothing", D "/dangling");
    (void)!symlink("file", D "/to_file");
    (void)!symlink("dir", D "/to_dir");
    mknod(D "/fifo", S_IFIFO | 0600, 0);
    directory = open(D, O_RDONLY | O_DIRECTORY);
    file = open(D "/file", O_RDWR);
    errno = 0;
}

static void opening(void)
{
    PATHS(open, , COMMA O_RDONLY);
    PATHS(creat, , COMMA 0600);
    unlink(D "/nothing");
    PATHS(openat, AT_FDCWD COMMA, COMMA O_RDONLY);
    ROW(open, D "/dir", O_WRONLY);
    ROW(open, D "/dir", O_RDWR | O_CREAT, 0600);
    ROW(open, D "/dir/", O_RDONLY | O_CREAT, 0600);
    ROW(open, D "/new/", O_RDONLY | O_CREAT, 0600);
    ROW(open, D "/file/", O_RDONLY);
    ROW(open, D "/file", O_RDONLY | O_DIRECTORY);
    ROW(open, D "/file", O_RDONLY | O_CREAT | O_EXCL, 0600);
    ROW(open, D "/dangling", O_RDONLY | O_CREAT | O_EXCL, 0600);
    ROW(open, D "/dangling", O_RDONLY);
    ROW(open, D "/to_file", O_RDONLY | O_NOFOLLOW);
    ROW(open, D "/to_dir", O_RDONLY | O_NOFOLLOW | O_DIRECTORY);
    ROW(open, D "/to_dir", O_PATH | O_NOFOLLOW);
    ROW(open, D "/fifo", O_WRONLY | O_NONBLOCK);
    ROW(open, D "/file", O_RDWR | O_TRUNC | O_APPEND | O_SYNC | O_NOATIME | O_CLOEXEC);
    ROW(open, D "/file", O_ACCMODE);
    ROW(open, D, O_TMPFILE | O_RDWR, 0600);
    ROW(open, D, O_TMPFILE | O_WRONLY | O_EXCL | O_CLOEXEC, 0600);
    ROW(open, D, O_TMPFILE, 0600);
    ROW(open, D, O_TMPFILE | O_RDWR | O_CREAT, 0600);
    ROW(open, D, (O_TMPFILE & ~O_DIRECTORY) | O_RDWR, 0600);
    ROW(open, D "/file", O_TMPFILE | O_RDWR, 0600);
    ROW(open, D "/nothing", O_TMPFILE | O_RDWR, 0600);
    ROW(open, D "/to_dir", O_TMPFILE | O_RDWR | O_NOFOLLOW, 0600);
    ROW(open, D "/to_dir", O_TMPFILE | O_RDWR, 0600);
    ROW(open, "/proc", O_TMPFILE | O_RDWR, 0600);
    ROW(memfd_create, "x", 0);
    ROW(memfd_create, "x/y", 3 /* MFD_CLOEXEC | MFD_ALLOW_SEALING */);
    ROW(memfd_create, "x", 0x40);
    ROW(memfd_create, BAD, 0);
    ROW(memfd_create, long_name, 0);
    ROW(memfd_create, long_name + 50, 0); /* 249 letters */
    ROW(memfd_create, long_name + 49, 0);
    ROW(open, "/proc/self/maps", O_WRONLY | O_TRUNC);
    ROW(open, "/proc/self/nothing", O_RDONLY);
    ROW(open, "/proc/nothing", O_RDONLY | O_CREAT, 0600);
    ROW(openat, closed, "x", O_RDONLY);
    ROW(openat, closed, D "/file", O_RDONLY);
    ROW(openat, file, "x", O_RDONLY);
    ROW(openat, directory, "file", O_RDONLY);
    for (int fd = directory + 2; fd < 40; fd++)
        close(fd);
}

static void looking(void)
{
    char buffer[256];

    PATHS(stat, , COMMA at);
    PATHS(lstat, , COMMA at);
    PATHS(newfstatat, AT_FDCWD COMMA, COMMA at COMMA 0);
    PATHS(statfs, , COMMA at);
    PATHS(access, , COMMA F_OK);
    PATHS(readlink, , COMMA at COMMA 100);
    PATHS(chdir, , );
    ROW(stat, D "/file", BAD);
    ROW(lstat, D "/file", BAD);
    ROW(newfstatat, file, "", at, 0);
    ROW(newfstatat, file, "", at, AT_EMPTY_PATH);
    ROW(newfstatat, AT_FDCWD, "", at, AT_EMPTY_PATH);
    ROW(newfstatat, closed, "x", at, 0);
    ROW(newfstatat, file, "x", at, 0);
    ROW(newfstatat, AT_FDCWD, D, at, 0x8000);
    ROW(newfstatat, AT_FDCWD, D "/ring", at, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT);
    ROW(statx, AT_FDCWD, D "/file", 0, 0x7ff, at);
    ROW(statx, AT_FDCWD, D "/file", 0x6000 /* FORCE_SYNC | DONT_SYNC */, 0x7ff, at);
    ROW(statx, AT_FDCWD, D "/file", 0x80000, 0x7ff, at);
    ROW(statx, AT_FDCWD, D "/file", 0, 0x80000000, at);
    ROW(statx, AT_FDCWD, D "/file", 0, 0x7ff, BAD);
    ROW(statx, AT_FDCWD, D "/nothing", 0, 0x7ff, at);
    ROW(statx, closed, "x", 0, 0x7ff, at);
    ROW(statx, file, "", AT_EMPTY_PATH, 0x7ff, at);
    ROW(statfs, D, BAD);
    ROW(access, D "/file", 8);
    ROW(access, D "/file", R_OK | W_OK);
    ROW(access, D "/dir", X_OK);
    ROW(faccessat, AT_FDCWD, D "/nothing", F_OK);
    ROW(faccessat, closed, "x", F_OK);
    ROW(faccessat, file, "x", F_OK);
    ROW(faccessat, directory, "file", 9);
    ROW(faccessat2, directory, "file", F_OK, AT_EACCESS);
    ROW(faccessat2, directory, "ring", F_OK, AT_SYMLINK_NOFOLLOW);
    ROW(faccessat2, directory, "file", F_OK, 0x8000);
    ROW(faccessat2, closed, "file", F_OK, 0);
    ROW(readlink, D "/file", at, 100);
    ROW(readlink, D "/dir", at, 100);
    ROW(readlink, D "/to_file", at, 0);
    ROW(readlink, D "/to_file", at, -1);
    ROW(readlink, D "/to_file", BAD, 100);
    ROW(readlinkat, closed, "x", at, 100);
    ROW(readlinkat, file, "x", at, 100);
    ROW(readlinkat, directory, "to_file", at, 2);
    ROW(readlinkat, directory, "", at, 100);
    ROW(getcwd, at, 1);
    ROW(getcwd, at, 0);
    ROW(getcwd, BAD, 100);
    ROW(getcwd, at, 100);
    ROW(chdir, D "/file");
    ROW(fchdir, directory);
    ROW(mkdir, D "/gone", 0755);
    ROW(chdir, D "/gone");
    rmdir(D "/gone");
    ROW(getcwd, at, 100);
    ROW(open, "x", O_RDWR | O_CREAT, 0600);
    ROW(mkdir, "x", 0700);
    ROW(stat, ".", at);
    ROW(chdir, "..");
    ROW(chdir, "/");
    ROW(umask, 022);
    (void)!readlink(D "/to_file", buffer, sizeof(buffer));
}

static void making(void)
{
    ROW(mkdir, D "/dir", 0755);
    ROW(mkdir, D "/file", 0755);
    ROW(mkdir, D "/dangling", 0755);
    ROW(mkdir, D "/nothing/x", 0755);
    ROW(mkdir, D "/file/x", 0755);
    ROW(mkdir, "", 0755);
    ROW(mkdir, BAD, 0755);
    ROW(mkdir, long_name, 0755);
    ROW(mkdir, D "/ring/x", 0755);
    ROW(mkdir, "/", 0755);
    ROW(mkdir, ".", 0755);
    ROW(mkdir, D "/dir/..", 0755);
    ROW(mkdir, D "/slash/", 0755);
    ROW(mkdirat, closed, "x", 0755);
    ROW(mkdirat, file, "x", 0755);
    ROW(mkdirat, directory, "dir", 0755);
    ROW(rmdir, D "/slash/");
    PATHS(rmdir, , );
    ROW(rmdir, D "/file");
    ROW(rmdir, D "/full");
    ROW(rmdir, D "/dir/.");
    ROW(rmdir, D "/full/dir/..");
    ROW(rmdir, D "/to_dir");
    ROW(rmdir, "/");
    PATHS(unlink, , );
    ROW(symlink, "ring2", D "/ring");
    ROW(unlink, D "/dir");
    ROW(unlink, D "/file/");
    ROW(unlink, D "/dir/");
    ROW(unlink, D "/dir/.");
    ROW(unlink, D "/dir/..");
    ROW(unlink, "/");
    ROW(unlinkat, directory, "dir", 0);
    ROW(unlinkat, directory, "file", AT_REMOVEDIR);
    ROW(unlinkat, directory, "file", 0x8000);
    ROW(unlinkat, closed, "x", 0);
    ROW(unlinkat, file, "x", 0);
    ROW(link, D "/nothing", D "/x");
    ROW(link, D "/file", D "/plain");
    ROW(link, D "/file", D "/nothing/x");
    ROW(link, D "/file", D "/file/x");
    ROW(link, D "/dir", D "/x");
    ROW(link, D "/file", "");
    ROW(link, BAD, D "/x");
    ROW(link, D "/file", BAD);
    ROW(link, D "/file", long_name);
    ROW(link, D "/dangling", D "/dangling2");
    ROW(linkat, AT_FDCWD, D "/dangling", AT_FDCWD, D "/x", AT_SYMLINK_FOLLOW);
    ROW(linkat, closed, "x", AT_FDCWD, D "/x", 0);
    ROW(linkat, directory, "file", closed, "x", 0);
    ROW(linkat, directory, "file", file, "x", 0);
    ROW(linkat, directory, "file", directory, "x", 0x8000);
    ROW(symlink, "x", D "/file");
    ROW(symlink, "x", D "/dangling");
    ROW(symlink, "", D "/x");
    ROW(symlink, "x", "");
    ROW(symlink, BAD, D "/x");
    ROW(symlink, "x", BAD);
    ROW(symlink, "x", D "/nothing/x");
    ROW(symlink, "x", D "/file/x");
    ROW(symlink, long_path, D "/x");
    ROW(symlink, "x", D "/x/");
    ROW(symlinkat, "x", closed, "x");
    ROW(symlinkat, "x", file, "x");
    ROW(mknod, D "/file", S_IFREG | 0600, 0);
    ROW(mknod, D "/x", 0170000, 0);
    ROW(mknod, D "/x", S_IFDIR | 0700, 0);
    ROW(mknod, D "/nothing/x", S_IFIFO | 0600, 0);
    ROW(mknod, BAD, S_IFREG | 0600, 0);
    ROW(mknod, "", S_IFREG | 0600, 0);
    ROW(mknodat, closed, "x", S_IFREG | 0600, 0);
    ROW(mknodat, file, "x", S_IFREG | 0600, 0);
    ROW(mknodat, directory, "file", S_IFIFO | 0600, 0);
}

static void renaming(void)
{
    ROW(rename, D "/nothing", D "/x");
    ROW(rename, D "/file", D "/nothing/x");
    ROW(rename, D "/file", D "/dir");
    ROW(rename, D "/dir", D "/file");
    ROW(rename, D "/dir", D "/full");
    ROW(rename, D "/full", D "/full/dir/x");
    ROW(rename, D "/full", D "/full/dir");
    ROW(rename, D "/full/dir", D "/full");
    ROW(rename, D "/file", D "/file");
    ROW(rename, D "/dir", D "/dir");
    ROW(rename, D "/file/", D "/x");
    ROW(rename, D "/file", D "/x/");
    ROW(rename, D "/dir/.", D "/x");
    ROW(rename, D "/dir", D "/full/.");
    ROW(rename, D "/file", "");
    ROW(rename, "", D "/x");
    ROW(rename, BAD, D "/x");
    ROW(rename, D "/file", BAD);
    ROW(rename, D "/file", long_name);
    ROW(rename, D "/file/x", D "/x");
    ROW(rename, D "/file", D "/plain/x");
    ROW(rename, "/", D "/x");
    ROW(rename, D "/dir", "/");
    ROW(rename, D "/ring/x", D "/x");
    ROW(rename, D "/file", "/proc/x");
    ROW(renameat, closed, "x", directory, "x");
    ROW(renameat, directory, "file", closed, "x");
    ROW(renameat, file, "x", directory, "x");
    ROW(renameat2, directory, "file", directory, "plain", RENAME_NOREPLACE);
    ROW(renameat2, directory, "file", directory, "plain", RENAME_NOREPLACE | RENAME_EXCHANGE);
    ROW(renameat2, directory, "file", directory, "plain", 64);
    ROW(renameat2, directory, "file", directory, "moved", RENAME_NOREPLACE);
    ROW(rename, D "/moved", D "/file");
}

static void changing(void)
{
    struct timespec times[2] = {{1, 0}, {2, 0}}, bad[2] = {{0, 1000000000}, {0, 0}};
    struct timeval old_times[2] = {{1, 0}, {2, 0}}, bad_times[2] = {{0, 1000000}, {0, 0}};

    PATHS(chmod, , COMMA 0644);
    PATHS(chown, , COMMA 0 COMMA 0);
    PATHS(lchown, , COMMA 0 COMMA 0);
    PATHS(truncate, , COMMA 0L);
    PATHS(utimensat, AT_FDCWD COMMA, COMMA times COMMA 0);
    ROW(truncate, D "/dir", 0L);
    ROW(truncate, D "/fifo", 0L);
    ROW(truncate, D "/file", -1L);
    ROW(truncate, "/proc/self/maps", 0L);
    ROW(fchmodat, closed, "x", 0600);
    ROW(fchmodat, file, "x", 0600);
    ROW(fchmodat, directory, "plain", 0600);
    ROW(fchownat, closed, "x", 0, 0, 0);
    ROW(fchownat, directory, "plain", 0, 0, 0x8000);
    ROW(fchownat, directory, "dangling", 0, 0, AT_SYMLINK_NOFOLLOW);
    ROW(fchownat, file, "", 0, 0, AT_EMPTY_PATH);
    ROW(utimensat, closed, "x", times, 0);
    ROW(utimensat, AT_FDCWD, D "/file", bad, 0);
    ROW(utimensat, AT_FDCWD, D "/file", BAD, 0);
    ROW(utimensat, AT_FDCWD, D "/file", times, 0x8000);
    ROW(utimensat, AT_FDCWD, 0, times, 0);
    ROW(utimensat, file, 0, times, 0);
    ROW(utimensat, AT_FDCWD, D "/dangling", times, AT_SYMLINK_NOFOLLOW);
    ROW(utimes, D "/file", old_times);
    ROW(utimes, D "/file", bad_times);
    ROW(utimes, D "/nothing", old_times);
    ROW(utimes, D "/file", BAD);
    ROW(utime, D "/file", 0);
    ROW(utime, D "/nothing", 0);
    ROW(utime, D "/file", BAD);
    ROW(futimesat, AT_FDCWD, D "/file", old_times);
    ROW(futimesat, closed, "x", old_times);
    ROW(futimesat, AT_FDCWD, D "/file", bad_times);
}

/* "odd." is no name space of attributes on any file system. */
static void attributes(void)
{
    ROW(getxattr, D "/nothing", "odd.x", at, 10);
    ROW(getxattr, D "/file", "odd.x", at, 10);
    ROW(getxattr, D "/file", "", at, 10);
    ROW(getxattr, D "/file", BAD, at, 10);
    ROW(lgetxattr, D "/dangling", "odd.x", at, 10);
    ROW(fgetxattr, closed, "odd.x", at, 10);
    ROW(fgetxattr, file, "odd.x", at, 10);
    ROW(setxattr, D "/nothing", "odd.x", at, 1, 0);
    ROW(setxattr, D "/file", "odd.x", at, 1, 0);
    ROW(setxattr, D "/file", "odd.x", at, 1, 4);
    ROW(lsetxattr, D "/dangling", "odd.x", at, 1, 0);
    ROW(fsetxattr, closed, "odd.x", at, 1, 0);
    ROW(fsetxattr, file, "odd.x", at, 1, 8);
    ROW(removexattr, D "/nothing", "odd.x");
    ROW(removexattr, D "/file", "odd.x");
    ROW(lremovexattr, D "/dangling", "odd.x");
    ROW(fremovexattr, closed, "odd.x");
    ROW(listxattr, D "/nothing", at, 10);
    ROW(listxattr, D "/file", at, 10);
    ROW(llistxattr, D "/nothing", at, 10);
    ROW(llistxattr, D "/dangling", at, 10);
    ROW(flistxattr, closed, at, 10);
    ROW(flistxattr, file, at, 10);
}

static void remove_tree(void)
{
    static const char *const names[] = {"full/dir", "full", "dir",     "slash",    "file",      "plain",
                                        "moved",    "ring", "ring2",   "dangling", "dangling2", "to_file",
                                        "to_dir",   "fifo", "nothing", "x",        "x/"};
    char name[64];

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(name, sizeof(name), D "/%s", names[i]);
        if (unlink(name) != 0)
            rmdir(name);
    }
    rmdir(D);
}

int main(void)
{
    remove_tree();
    at = island(4);
    memset(at, 0, 4 * PAGE);
    make_tree();
    opening();
    looking();
    attributes();
    making();
    renaming();
    changing();
    remove_tree();
    return table_end();
}
