/* SPDX-License-Identifier: MIT */
/* libc_filesystem.c - statfs and statvfs, extended attributes, sendfile, utime, personality. */
#include <fcntl.h>
#include <sys/personality.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <utime.h>

#include "check.h"

#define NAME "/tmp/libc_filesystem"
#define LINK NAME ".link"

static void systems(int fd)
{
    struct statfs plain;
    struct statvfs info;

    say("-- statfs, statvfs");
    expect("statfs /proc", statfs("/proc", &plain), 0);
    say("kind %lx, block %ld, names %ld", (long)plain.f_type, (long)plain.f_bsize, (long)plain.f_namelen);
    expect("statvfs /proc", statvfs("/proc", &info), 0);
    say("block %lu, unit %lu, names %lu", info.f_bsize, info.f_frsize, info.f_namemax);
    say("blocks %lu %lu %lu", (unsigned long)info.f_blocks, (unsigned long)info.f_bfree,
        (unsigned long)info.f_bavail);
    say("files %lu %lu %lu", (unsigned long)info.f_files, (unsigned long)info.f_ffree,
        (unsigned long)info.f_favail);
    expect("read-only", info.f_flag & ST_RDONLY, 0);
    expect("fstatfs", fstatfs(fd, &plain), 0);
    expect("fstatvfs", fstatvfs(fd, &info), 0);
    expect("block", (long)info.f_bsize, plain.f_bsize);
    expect("unit", (long)info.f_frsize, plain.f_frsize);
    expect("blocks", info.f_blocks == (fsblkcnt_t)plain.f_blocks, 1);
    expect("some are there", info.f_blocks > 0, 1);
    expect("no more are free", info.f_bfree <= info.f_blocks && info.f_bavail <= info.f_bfree, 1);
    expect("files", info.f_files == (fsfilcnt_t)plain.f_files && info.f_favail == info.f_ffree, 1);
    expect_error("statfs of nothing", statfs(NAME ".not", &plain), ENOENT);
    expect_error("statvfs of nothing", statvfs(NAME ".not", &info), ENOENT);
    expect_error("fstatfs", fstatfs(-1, &plain), EBADF);
    expect_error("fstatvfs", fstatvfs(-1, &info), EBADF);
}

/* "odd." begins no kind of names that a file system has. */
static void attributes(int fd)
{
    char text[16];

    say("-- extended attributes");
    expect("listxattr", listxattr(NAME, text, sizeof(text)), 0);
    expect("llistxattr", llistxattr(LINK, NULL, 0), 0);
    expect("flistxattr", flistxattr(fd, text, sizeof(text)), 0);
    expect_error("getxattr", getxattr(NAME, "odd.name", text, sizeof(text)), EOPNOTSUPP);
    expect_error("lgetxattr", lgetxattr(LINK, "odd.name", text, sizeof(text)), EOPNOTSUPP);
    expect_error("fgetxattr", fgetxattr(fd, "odd.name", text, sizeof(text)), EOPNOTSUPP);
    expect_error("setxattr", setxattr(NAME, "odd.name", "x", 1, XATTR_CREATE), EOPNOTSUPP);
    expect_error("lsetxattr", lsetxattr(LINK, "odd.name", "x", 1, XATTR_REPLACE), EOPNOTSUPP);
    expect_error("fsetxattr", fsetxattr(fd, "odd.name", "x", 1, 0), EOPNOTSUPP);
    expect_error("with other flags", fsetxattr(fd, "odd.name", "x", 1, 4), EINVAL);
    expect_error("removexattr", removexattr(NAME, "odd.name"), EOPNOTSUPP);
    expect_error("lremovexattr", lremovexattr(LINK, "odd.name"), EOPNOTSUPP);
    expect_error("fremovexattr", fremovexattr(fd, "odd.name"), EOPNOTSUPP);
    expect_error("a name without an end", getxattr(NAME, "", text, sizeof(text)), ERANGE);
    unlink(NAME);
    expect_error("of a link's file, gone", listxattr(LINK, text, sizeof(text)), ENOENT);
    expect("of the link", llistxattr(LINK, text, sizeof(text)), 0);
    close(open(NAME, O_CREAT | O_WRONLY, 0600));
}

static void sending(int fd)
{
    char text[16] = "";
    off_t at = 2;
    int ends[2];

    say("-- sendfile");
    expect("pipe", pipe(ends), 0);
    expect("with an offset", sendfile(ends[1], fd, &at, 3), 3);
    expect("    which moves", at, 5);
    expect("    the file's does not", lseek(fd, 0, SEEK_CUR), 0);
    expect("without", sendfile(ends[1], fd, NULL, 100), 10);
    expect("    the file's moves", lseek(fd, 0, SEEK_CUR), 10);
    expect("at the end", sendfile(ends[1], fd, NULL, 100), 0);
    expect("it came", read(ends[0], text, sizeof(text)), 13);
    say("    %.13s", text);
    expect_error("from a pipe", sendfile(fd, ends[0], NULL, 1), EINVAL);
    expect_error("to nothing", sendfile(-1, fd, NULL, 1), EBADF);
    close(ends[0]), close(ends[1]);
}

static void times(void)
{
    struct stat info;

    say("-- utime");
    expect("utime", utime(NAME, &(struct utimbuf){.actime = 1000, .modtime = 2000}), 0);
    expect("stat", stat(NAME, &info), 0);
    say("    %ld.%ld %ld.%ld", (long)info.st_atim.tv_sec, info.st_atim.tv_nsec, (long)info.st_mtim.tv_sec,
        info.st_mtim.tv_nsec);
    expect("by way of a link", utime(LINK, &(struct utimbuf){.actime = -1, .modtime = 3000}), 0);
    expect("stat", stat(NAME, &info), 0);
    say("    %ld %ld", (long)info.st_atime, (long)info.st_mtime);
    expect("now", utime(NAME, NULL), 0);
    expect("stat", stat(NAME, &info), 0);
    expect("    is later", info.st_mtime > 1000000000, 1);
    expect_error("of nothing", utime(NAME ".not", NULL), ENOENT);
}

int main(void)
{
    unlink(NAME), unlink(LINK);
    int fd = open(NAME, O_CREAT | O_RDWR | O_TRUNC, 0600);

    expect("a file", write(fd, "0123456789", 10), 10);
    lseek(fd, 0, SEEK_SET);
    expect("a link to it", symlink(NAME, LINK), 0);
    systems(fd);
    sending(fd);
    attributes(fd);
    times();
    say("-- personality");
    expect("ours", personality(0xffffffff) & PER_MASK, PER_LINUX);
    unlink(NAME), unlink(LINK);
    return finish();
}
