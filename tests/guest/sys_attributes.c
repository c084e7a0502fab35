/* SPDX-License-Identifier: MIT */
/* chmod, chown, utimensat and their families, statx, statfs, hard links, renameat2, mknod. */
#include "check.h"

#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>
#include <time.h>

/* Where a header has one of these under another name, it is the kernel's. */
#define FOLLOW_NOT 0x100
#define EMPTY 0x1000

static struct statx at(const char *path)
{
    struct statx info;

    memset(&info, 0, sizeof(info));
    if (syscall(SYS_statx, AT_FDCWD, path, FOLLOW_NOT, STATX_BASIC_STATS, &info) != 0)
        info.stx_mode = 0;
    return info;
}

static void modes(int fd)
{
    expect("chmod", syscall(SYS_chmod, "file", 04751), 0);
    expect("mode", at("file").stx_mode & 07777, 04751);
    expect("chown", syscall(SYS_chown, "file", 12, 34), 0);
    expect("set-id bits are gone", at("file").stx_mode & 07777, 0751);
    expect("uid", at("file").stx_uid, 12);
    expect("gid", at("file").stx_gid, 34);
    expect("fchown, one of them", syscall(SYS_fchown, fd, -1, 56), 0);
    expect("uid", at("file").stx_uid, 12);
    expect("gid", at("file").stx_gid, 56);
    expect("fchmod", syscall(SYS_fchmod, fd, 0600), 0);
    expect("mode", at("file").stx_mode & 07777, 0600);
    expect("fchmodat", syscall(SYS_fchmodat, AT_FDCWD, "link", 0640), 0);
    expect("the link's target", at("file").stx_mode & 07777, 0640);
    expect("lchown", syscall(SYS_lchown, "link", 7, 8), 0);
    expect("the link itself", at("link").stx_uid, 7);
    expect("fchownat", syscall(SYS_fchownat, fd, "", 1, 2, EMPTY), 0);
    expect("uid", at("file").stx_uid, 1);
    expect_error("fchownat, flags", syscall(SYS_fchownat, fd, "", 1, 2, 1), EINVAL);
    expect_error("chmod, nothing there", syscall(SYS_chmod, "none", 0600), ENOENT);
    expect_error("fchmod, not open", syscall(SYS_fchmod, 77, 0600), EBADF);
    expect_error("chmod in /proc", syscall(SYS_chmod, "/proc/self/status", 0600), EPERM);
}

static void times(int fd)
{
    struct timespec both[2] = {{1000, 11}, {2000, 22}};
    const struct timespec omit[2] = {{5, (1L << 30) - 2}, {3000, 33}};
    const struct timespec broken[2] = {{0, 1000000000}, {0, 0}};
    long values[4] = {4000, 44, 5000, 55}, seconds[2] = {6000, 7000};

    expect("utimensat", syscall(SYS_utimensat, AT_FDCWD, "file", both, 0), 0);
    expect("access", at("file").stx_atime.tv_sec, 1000);
    expect("ns", at("file").stx_atime.tv_nsec, 11);
    expect("modification", at("file").stx_mtime.tv_sec, 2000);
    expect("futimens, one of them", syscall(SYS_utimensat, fd, NULL, omit, 0), 0);
    expect("access", at("file").stx_atime.tv_sec, 1000);
    expect("modification", at("file").stx_mtime.tv_sec, 3000);
    expect("utimes", syscall(SYS_utimes, "file", values), 0);
    expect("ns", at("file").stx_mtime.tv_nsec, 55000);
    expect("utime", syscall(SYS_utime, "file", seconds), 0);
    expect("modification", at("file").stx_mtime.tv_sec, 7000);
    expect("now", syscall(SYS_utimensat, AT_FDCWD, "file", NULL, 0), 0);
    expect("is later", at("file").stx_mtime.tv_sec > 1000000000, 1);
    expect("of a link", syscall(SYS_utimensat, AT_FDCWD, "link", both, FOLLOW_NOT), 0);
    expect("modification", at("link").stx_mtime.tv_sec, 2000);
    expect_error("bad nanoseconds", syscall(SYS_utimensat, AT_FDCWD, "file", broken, 0), EINVAL);
    expect_error("bad flags", syscall(SYS_utimensat, AT_FDCWD, "file", both, 1), EINVAL);
    expect_error("no file", syscall(SYS_utimensat, AT_FDCWD, "none", both, 0), ENOENT);
    expect_error("bad address", syscall(SYS_utimensat, AT_FDCWD, "file", 8L, 0), EFAULT);
}

static void links(void)
{
    char bytes[8] = "";

    expect("link", syscall(SYS_link, "file", "twin"), 0);
    expect("links", at("file").stx_nlink, 2);
    expect("one file", at("file").stx_ino == at("twin").stx_ino, 1);
    expect_error("again", syscall(SYS_link, "file", "twin"), EEXIST);
    expect_error("of a directory", syscall(SYS_link, ".", "circle"), EPERM);
    expect_error("of nothing", syscall(SYS_link, "none", "twin2"), ENOENT);
    expect("rename onto itself", syscall(SYS_rename, "file", "twin"), 0);
    expect("both are there", at("file").stx_nlink, 2);
    expect("unlink the first name", unlink("file"), 0);
    expect("links", at("twin").stx_nlink, 1);
    int fd = open("twin", O_RDWR);
    expect("its bytes", read(fd, bytes, 5), 5);
    expect("are the same", memcmp(bytes, "hello", 5), 0);
    expect("unlink the second", unlink("twin"), 0);
    struct stat info;
    fstat(fd, &info);
    expect("links", (long)info.st_nlink, 0);
    close(fd);
    expect("linkat of a symbolic link", syscall(SYS_linkat, AT_FDCWD, "link", AT_FDCWD, "link2", 0), 0);
    expect("it is one", (at("link2").stx_mode & S_IFMT) == S_IFLNK, 1);
    unlink("link2");
}

static void names(void)
{
    expect("mknod", syscall(SYS_mknod, "made", S_IFREG | 0644, 0), 0);
    expect("mknodat", syscall(SYS_mknodat, AT_FDCWD, "made2", 0600, 0), 0);
    expect_error("again", syscall(SYS_mknod, "made", S_IFREG, 0), EEXIST);
    expect_error("a directory", syscall(SYS_mknod, "made3", S_IFDIR, 0), EPERM);
    expect_error("renameat2 spares what is there",
                 syscall(SYS_renameat2, AT_FDCWD, "made", AT_FDCWD, "made2", 1), EEXIST);
    expect_error("renameat2, flags", syscall(SYS_renameat2, AT_FDCWD, "made", AT_FDCWD, "made2", 64), EINVAL);
    expect("renameat", syscall(SYS_renameat, AT_FDCWD, "made", AT_FDCWD, "made2"), 0);
    expect("symlinkat", syscall(SYS_symlinkat, "made2", AT_FDCWD, "made"), 0);
    expect("faccessat2", syscall(SYS_faccessat2, AT_FDCWD, "made", 4, 0), 0);
    expect_error("faccessat2, flags", syscall(SYS_faccessat2, AT_FDCWD, "made", 4, 1), EINVAL);
    unlink("made");
    unlink("made2");
}

static void file_systems(int fd)
{
    struct {
        long type, block_size, blocks, free, available, files, files_free;
        int id[2];
        long name_length, rest[8];
    } info;
    struct statx statx;

    expect("statfs /proc", syscall(SYS_statfs, "/proc/self", &info), 0);
    expect("its magic number", info.type, 0x9fa0);
    expect("fstatfs", syscall(SYS_fstatfs, fd, &info), 0);
    expect("longest name", info.name_length, 255);
    expect("block", info.block_size, 4096);
    expect_error("statfs of nothing", syscall(SYS_statfs, "none", &info), ENOENT);
    expect("statx of a descriptor", syscall(SYS_statx, fd, "", EMPTY, STATX_BASIC_STATS, &statx), 0);
    expect("size", (long)statx.stx_size, 5);
    expect_error("statx, mask", syscall(SYS_statx, fd, "", EMPTY, 1u << 31, &statx), EINVAL);
    expect_error("statx, flags", syscall(SYS_statx, fd, "", 1, STATX_BASIC_STATS, &statx), EINVAL);
}

int main(void)
{
    mkdir("/tmp/sys_attributes", 0700);
    expect("chdir", chdir("/tmp/sys_attributes"), 0);
    int fd = open("file", O_CREAT | O_RDWR | O_TRUNC, 0644);
    expect("write", write(fd, "hello", 5), 5);
    expect("symlink", syscall(SYS_symlink, "file", "link"), 0);
    modes(fd);
    times(fd);
    file_systems(fd);
    close(fd);
    links();
    names();
    unlink("link");
    expect("clean", rmdir("/tmp/sys_attributes"), 0);
    return finish();
}
