/* SPDX-License-Identifier: MIT */
/* linux_nameless.c - files without a name: memfd_create with its seals, O_TMPFILE and the name it may get. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "check.h"

#ifndef O_TMPFILE
#define O_TMPFILE (020000000 | O_DIRECTORY)
#endif
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif
#define FOLDER "/tmp/linux_nameless"

static void show_path(const char *what, int fd)
{
    char path[32], text[128] = "";

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    (void)!readlink(path, text, sizeof(text) - 1);
    char *number = strchr(text, '#');
    if (number)
        memmove(number + 1, strchr(text, ' '), strlen(strchr(text, ' ')) + 1);
    say("%s is called %s", what, text);
}

static void show(const char *what, int fd)
{
    struct stat stat;

    fstat(fd, &stat);
    say("%s: mode %o, %ld links, %ld bytes, flags %x", what, stat.st_mode, (long)stat.st_nlink,
        (long)stat.st_size, fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK | O_TMPFILE));
    show_path(what, fd);
}

static void memory(void)
{
    char text[16] = "";
    int fd = memfd_create("a name", MFD_CLOEXEC);

    show("memfd", fd);
    expect("FD_CLOEXEC", fcntl(fd, F_GETFD), FD_CLOEXEC);
    expect("write", write(fd, "hello", 5), 5);
    expect("ftruncate", ftruncate(fd, 3 * PAGE), 0);
    char *one = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *two = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
    expect("mapped", one[0], 'h');
    strcpy(one, "shared");
    expect("the other mapping has it too", strcmp(two, "shared"), 0);
    expect("read", pread(fd, text, 6, 0), 6);
    say("%s", text);
    if (fork() == 0) {
        strcpy(one + 2 * PAGE, "from a child");
        _exit(0);
    }
    wait(NULL);
    say("%s", one + 2 * PAGE);
    show("memfd", fd);
    char path[32];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    int again = open(path, O_RDONLY);
    expect("opened by way of /proc", read(again, text, 6), 6);
    expect_error("not for writing", write(again, "x", 1), EBADF);
    expect_error("no seals here", fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), EPERM);
    expect("F_GET_SEALS", fcntl(fd, F_GET_SEALS), F_SEAL_SEAL);
    expect_error("no name for it", linkat(AT_FDCWD, path, AT_FDCWD, "/tmp/memfd", AT_SYMLINK_FOLLOW), EXDEV);
    munmap(two, PAGE);
    close(fd), close(again);
    one[PAGE] = 1;
    expect("the mapping outlives its descriptors", one[2 * PAGE], 'f');
    munmap(one, 3 * PAGE);
}

static void seals(void)
{
    int fd = memfd_create("sealed", MFD_ALLOW_SEALING);
    char path[32];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    int reader = open(path, O_RDONLY);
    expect("none yet", fcntl(fd, F_GET_SEALS), 0);
    expect("size", ftruncate(fd, 2 * PAGE), 0);
    expect_error("unknown seal", fcntl(fd, F_ADD_SEALS, 0x1000), EINVAL);
    expect_error("by one who may only read", fcntl(reader, F_ADD_SEALS, F_SEAL_GROW), EPERM);
    expect("F_SEAL_GROW", fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), 0);
    expect_error("grow", ftruncate(fd, 3 * PAGE), EPERM);
    expect_error("write beyond the end", pwrite(fd, "x", 1, 2 * PAGE), EPERM);
    expect_error("fallocate", fallocate(fd, 0, 0, 3 * PAGE), EPERM);
    expect("fallocate inside", fallocate(fd, 0, 0, PAGE), 0);
    expect("shrink", ftruncate(fd, PAGE), 0);
    expect("F_SEAL_SHRINK", fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
    expect_error("shrink", ftruncate(fd, 0), EPERM);
    expect("the same size", ftruncate(fd, PAGE), 0);
    char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    expect_error("F_SEAL_WRITE while mapped", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
    munmap(map, PAGE);
    map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    map[0] = 1;
    expect("F_SEAL_WRITE with a private mapping", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
    expect("again", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
    expect_error("write", write(fd, "x", 1), EPERM);
    expect("write nothing", write(fd, "x", 0), 0);
    expect_error("map", mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0,
                 EPERM);
    expect("map as a copy", mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0) != MAP_FAILED, 1);
    expect("F_SEAL_SEAL", fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL), 0);
    expect_error("it was the last", fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL), EPERM);
    expect("all", fcntl(reader, F_GET_SEALS), F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);

    fd = memfd_create("", MFD_ALLOW_SEALING);
    (void)!ftruncate(fd, PAGE);
    map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    expect("F_SEAL_FUTURE_WRITE while mapped", fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), 0);
    map[0] = 7;
    char *later = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
    expect("who has it mapped writes on", later[0], 7);
    expect_error("others do not", mprotect(later, PAGE, PROT_READ | PROT_WRITE), EACCES);
    expect_error("nor by write", write(fd, "x", 1), EPERM);
    fd = open("/proc/self/maps", O_RDWR);
    expect_error("no seals on others", fcntl(open("/proc/self/maps", O_RDONLY), F_GET_SEALS), EINVAL);
}

static void temporary(void)
{
    char text[8] = "";

    mkdir(FOLDER, 0755);
    umask(022);
    int fd = open(FOLDER, O_TMPFILE | O_RDWR, 0666);
    show("O_TMPFILE", fd);
    expect("write", write(fd, "text", 4), 4);
    expect("the folder is empty", rmdir(FOLDER), 0);
    mkdir(FOLDER, 0755);
    close(fd);
    fd = open(FOLDER, O_TMPFILE | O_WRONLY | O_EXCL, 0600);
    expect_error("O_EXCL: no name ever", linkat(fd, "", AT_FDCWD, FOLDER "/x", AT_EMPTY_PATH), ENOENT);
    close(fd);
    fd = open(FOLDER, O_TMPFILE | O_RDWR, 0600);
    (void)!write(fd, "later", 5);
    char path[32];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    expect("a name", linkat(AT_FDCWD, path, AT_FDCWD, FOLDER "/name", AT_SYMLINK_FOLLOW), 0);
    expect_error("taken", linkat(fd, "", AT_FDCWD, FOLDER "/name", AT_EMPTY_PATH), EEXIST);
    expect("another", linkat(fd, "", AT_FDCWD, FOLDER "/other", AT_EMPTY_PATH), 0);
    struct stat stat;
    fstat(fd, &stat);
    expect("links", (long)stat.st_nlink, 2);
    close(fd);
    fd = open(FOLDER "/name", O_RDONLY);
    expect("read", read(fd, text, 8), 5);
    expect("unlink", unlink(FOLDER "/name"), 0);
    expect("unlink", unlink(FOLDER "/other"), 0);
    expect_error("it has had names", linkat(fd, "", AT_FDCWD, FOLDER "/again", AT_EMPTY_PATH), ENOENT);
    fd = open(FOLDER, O_TMPFILE | O_RDWR, 0600);
    (void)!close(open(FOLDER "/there", O_WRONLY | O_CREAT, 0600));
    expect_error("the first name is taken", linkat(fd, "", AT_FDCWD, FOLDER "/there", AT_EMPTY_PATH), EEXIST);
    fstat(fd, &stat);
    expect("links", (long)stat.st_nlink, 0);
    expect("another one", linkat(fd, "", AT_FDCWD, FOLDER "/here", AT_EMPTY_PATH), 0);
    unlink(FOLDER "/there"), unlink(FOLDER "/here");
    expect("rmdir", rmdir(FOLDER), 0);
}

int main(void)
{
    memory();
    seals();
    temporary();
    return finish();
}
