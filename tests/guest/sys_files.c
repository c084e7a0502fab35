/* SPDX-License-Identifier: MIT */
/* sys_files.c - files as programs meet them: errors by name, offsets, duplicates of descriptors, directories. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "check.h"

static char buffer[256];

static void paths(const char *self)
{
    char below[300], longest[5000];

    snprintf(below, sizeof(below), "%s/x", self);
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    expect_error("open nothing", open("/no/such/file", O_RDONLY), ENOENT);
    expect_error("open the empty path", open("", O_RDONLY), ENOENT);
    expect_error("open below a file", open(below, O_RDONLY), ENOTDIR);
    expect_error("open a directory for writing", open("/", O_WRONLY), EISDIR);
    expect_error("open a file as directory", open(self, O_RDONLY | O_DIRECTORY), ENOTDIR);
    expect_error("open what exists exclusively", open(self, O_RDONLY | O_CREAT | O_EXCL, 0600), EEXIST);
    expect_error("open a path too long", open(longest, O_RDONLY), ENAMETOOLONG);
    expect_error("openat below no directory", openat(77, "x", O_RDONLY), EBADF);
    expect_error("chdir to a file", chdir(self), ENOTDIR);
    expect_error("chdir to nothing", chdir("/no"), ENOENT);
    expect_error("a path with dots and slashes", chdir("/./..//proc/../"), 0);
    expect_error("getcwd", getcwd(buffer, sizeof(buffer)) ? 0 : -1, 0);
    say("    %s", buffer);
    expect_error("getcwd, no room", syscall(SYS_getcwd, buffer, 1), ERANGE);
}

static void descriptors(const char *self)
{
    int file = open(self, O_RDONLY);

    expect("the lowest free descriptor", file, 3);
    expect("its copy", dup(file), 4);
    expect("a copy to 9", dup2(file, 9), 9);
    expect("a copy to itself", dup2(file, file), file);
    expect("read from the copy", read(9, buffer, 4), 4);
    expect("moves the offset of both", lseek(file, 0, SEEK_CUR), 4);
    expect_error("close", close(4), 0);
    expect_error("close again", close(4), EBADF);
    expect_error("read from a closed one", read(4, buffer, 1), EBADF);
    expect_error("dup of a closed one", dup(4), EBADF);
    expect_error("dup2 to a bad number", dup2(file, -1), EBADF);
    expect_error("write to one that reads", write(file, buffer, 1), EBADF);
    expect_error("terminal call on a file", ioctl(file, 0x5401, buffer), ENOTTY);
    close(9);
    close(file);
}

static void offsets(const char *self)
{
    struct stat about;
    int file = open(self, O_RDONLY);
    char parts[2][2];
    struct iovec vector[2] = {{parts[0], 2}, {parts[1], 2}};

    expect_error("fstat", fstat(file, &about), 0);
    expect("a regular file", S_ISREG(about.st_mode), 1);
    expect("the end is its size", lseek(file, 0, SEEK_END) == about.st_size, 1);
    expect("read at the end", read(file, buffer, 10), 0);
    expect("behind the end", lseek(file, 100, SEEK_END) == about.st_size + 100, 1);
    expect("read there", read(file, buffer, 10), 0);
    expect_error("before the start", lseek(file, -1, SEEK_SET), EINVAL);
    expect_error("no such whence", lseek(file, 0, 77), EINVAL);
    expect("pread", pread(file, buffer, 4, 0), 4);
    expect("is the start", memcmp(buffer, "\177ELF", 4), 0);
    expect("and leaves the offset", lseek(file, 0, SEEK_CUR) == about.st_size + 100, 1);
    expect_error("pread before the start", pread(file, buffer, 4, -1), EINVAL);
    lseek(file, 0, SEEK_SET);
    expect("readv", readv(file, vector, 2), 4);
    expect("in two parts", parts[0][1] == 'E' && parts[1][0] == 'L', 1);
    expect_error("readv, too many", readv(file, vector, 5000), EINVAL);
    close(file);
}

static void written(void)
{
    const char *name = "/tmp/faultline-files-test";
    int file = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
    struct stat about;

    expect_error("create", file < 0 ? -1 : 0, 0);
    expect("write", write(file, "hello", 5), 5);
    expect("write behind a hole", lseek(file, 10000, SEEK_SET), 10000);
    expect("   ", write(file, "!", 1), 1);
    expect_error("fstat", fstat(file, &about), 0);
    expect("size", about.st_size, 10001);
    expect("the hole reads", pread(file, buffer, 10, 5000), 10);
    expect("   zero", buffer[0] + buffer[9], 0);
    close(file);
    file = open(name, O_RDONLY);
    expect("read it again", read(file, buffer, 5), 5);
    expect("   the same", memcmp(buffer, "hello", 5), 0);
    close(file);
    expect_error("unlink", unlink(name), 0);
    expect_error("open after that", open(name, O_RDONLY), ENOENT);
}

static void devices(void)
{
    int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDONLY);

    expect("null takes", write(null, buffer, 100), 100);
    expect("null gives", read(null, buffer, 100), 0);
    memset(buffer, 1, sizeof(buffer));
    expect("zero gives", read(zero, buffer, 100), 100);
    expect("   zeros", buffer[0] + buffer[99] + buffer[100], 1);
    close(null);
    close(zero);
}

static void directory(void)
{
    char name[64], *seen = buffer;
    int folder = open("/proc/self/fd", O_RDONLY | O_DIRECTORY);
    long length = syscall(SYS_getdents64, folder, buffer, sizeof(buffer));
    int entries = 0, dots = 0;

    for (long at = 0; at < length; at += *(unsigned short *)(seen + at + 16)) {
        snprintf(name, sizeof(name), "%s", seen + at + 19);
        dots += name[0] == '.';
        entries++;
    }
    expect("entries of /proc/self/fd: 0 1 2 3 and two dots", entries, 6); /* the runner passes no others */
    expect("dots", dots, 2);
    expect("again: the end", syscall(SYS_getdents64, folder, buffer, sizeof(buffer)), 0);
    expect_error("read of a directory", read(folder, buffer, 1), EISDIR);
    close(folder);
}

int main(int argc, char **argv)
{
    (void)argc;
    directory();
    descriptors(argv[0]);
    offsets(argv[0]);
    devices();
    written();
    paths(argv[0]);
    return finish();
}
