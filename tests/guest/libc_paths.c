/* SPDX-License-Identifier: MIT */
/* libc_paths.c - files by a name in a directory, links that are not followed, times in microseconds. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "check.h"

#define FOLDER "/tmp/libc_paths"

static int folder;

static struct stat look(const char *name)
{
    struct stat status = {0};

    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        say("    %s: %s", name, error_name(errno));
    return status;
}

static void mode_is(const char *name, mode_t wanted)
{
    mode_t mode = look(name).st_mode;

    say("    %s: %o", name, mode);
    check_failures += mode != wanted;
}

static void making(void)
{
    umask(022);
    expect("mkfifoat", mkfifoat(folder, "fifo", 0666), 0);
    mode_is("fifo", S_IFIFO | 0644);
    expect_error("again", mkfifoat(folder, "fifo", 0666), EEXIST);
    expect("mknodat", mknodat(folder, "file", S_IFREG | 0600, 0), 0);
    mode_is("file", S_IFREG | 0600);
    expect_error("not in a directory", mknodat(77, "file", S_IFREG, 0), EBADF);
    expect("a link", symlinkat("file", folder, "link"), 0);
    expect("a link to nothing", symlinkat("nothing", folder, "lost"), 0);
}

static void modes(void)
{
    expect("fchmodat", fchmodat(folder, "file", 0640, 0), 0);
    mode_is("file", S_IFREG | 0640);
    expect("of a link: of its file", fchmodat(folder, "link", 0604, 0), 0);
    mode_is("file", S_IFREG | 0604);
    mode_is("link", S_IFLNK | 0777);
    expect("not following: a file", fchmodat(folder, "file", 0400, AT_SYMLINK_NOFOLLOW), 0);
    mode_is("file", S_IFREG | 0400);
    expect("    a fifo", fchmodat(folder, "fifo", 0600, AT_SYMLINK_NOFOLLOW), 0);
    mode_is("fifo", S_IFIFO | 0600);
    expect_error("    a link", fchmodat(folder, "link", 0600, AT_SYMLINK_NOFOLLOW), EOPNOTSUPP);
    expect_error("    nothing", fchmodat(folder, "nothing", 0600, AT_SYMLINK_NOFOLLOW), ENOENT);
    expect_error("unknown flags", fchmodat(folder, "file", 0600, 0x40), EINVAL);
    expect("lchmod", lchmod(FOLDER "/file", 0644), 0);
    mode_is("file", S_IFREG | 0644);
    expect_error("    of a link", lchmod(FOLDER "/link", 0644), EOPNOTSUPP);
    expect("fchownat", fchownat(folder, "file", 0, 0, 0), 0);
    expect("    of a link itself", fchownat(folder, "lost", 0, 0, AT_SYMLINK_NOFOLLOW), 0);
    expect_error("    of what is not there", fchownat(folder, "lost", 0, 0, 0), ENOENT);
}

static void access_rights(void)
{
    expect("euidaccess", euidaccess(FOLDER "/file", R_OK | W_OK), 0);
    expect("eaccess", eaccess(FOLDER "/file", F_OK), 0);
    expect_error("    nobody may execute it", eaccess(FOLDER "/file", X_OK), EACCES);
    expect_error("    not there", eaccess(FOLDER "/lost", F_OK), ENOENT);
}

static void times_are(const char *name)
{
    struct stat status = look(name);

    say("    %s: %ld.%06ld %ld.%06ld", name, (long)status.st_atim.tv_sec, status.st_atim.tv_nsec / 1000,
        (long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec / 1000);
}

static void times(void)
{
    const struct timeval first[2] = {{1000, 1}, {2000, 999999}}, second[2] = {{3000, 0}, {4000, 500000}};
    const struct timeval broken[2] = {{1, 1000000}, {1, 0}}, negative[2] = {{1, -1}, {1, 0}};
    int file = openat(folder, "file", O_RDONLY);

    expect("futimes", futimes(file, first), 0);
    times_are("file");
    expect("lutimes", lutimes(FOLDER "/link", second), 0);
    times_are("link");
    times_are("file");
    expect("futimesat", futimesat(folder, "file", second), 0);
    times_are("file");
    expect("    through a link", futimesat(folder, "link", first), 0);
    times_are("file");
    expect_error("a second has less", futimes(file, broken), EINVAL);
    expect_error("    ", lutimes(FOLDER "/link", broken), EINVAL);
    expect_error("    ", futimesat(folder, "file", negative), EINVAL);
    expect("now", futimes(file, NULL), 0);
    expect("    for a link", lutimes(FOLDER "/lost", NULL), 0);
    expect("    it is not long ago", look("file").st_mtime > 1000000000 && look("lost").st_mtime > 1000000000,
           1);
    expect_error("not open", futimes(77, first), EBADF);
    close(file);
}

int main(void)
{
    mkdir(FOLDER, 0700);
    folder = open(FOLDER, O_RDONLY | O_DIRECTORY);
    if (folder < 0)
        return 1;
    making();
    modes();
    access_rights();
    times();
    unlinkat(folder, "fifo", 0);
    unlinkat(folder, "file", 0);
    unlinkat(folder, "link", 0);
    unlinkat(folder, "lost", 0);
    expect("empty again", rmdir(FOLDER), 0);
    return finish();
}
