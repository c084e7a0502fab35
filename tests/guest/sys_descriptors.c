/* SPDX-License-Identifier: MIT */
/* What moves bytes beyond read and write (preadv, pwritev, sendfile, copy_file_range), what reserves them (fallocate), and
 * what is done to descriptors: flags, duplicates, locks, limits. */
#include "check.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>

static int file;
static char bytes[8192];

static void vectors(void)
{
    char a[4] = "", b[8] = "";
    struct iovec out[2] = {{"abc", 3}, {"defgh", 5}}, in[2] = {{a, 3}, {b, 5}};

    expect("pwritev", syscall(SYS_pwritev, file, out, 2, 10L, 0), 8);
    expect("preadv", syscall(SYS_preadv, file, in, 2, 10L, 0), 8);
    expect("first", memcmp(a, "abc", 3), 0);
    expect("second", memcmp(b, "defgh", 5), 0);
    expect("position", lseek(file, 0, SEEK_CUR), 0);
    expect("preadv2 at the position", syscall(SYS_preadv2, file, in, 2, -1L, -1L, 0), 8);
    expect("moved it", lseek(file, 0, SEEK_CUR), 8);
    expect("pwritev2", syscall(SYS_pwritev2, file, out, 1, 0L, 0, 0), 3);
    lseek(file, 2, SEEK_SET);
    expect("pwritev2 at the end, wherever", syscall(SYS_pwritev2, file, out, 2, 0L, 0, RWF_APPEND), 8);
    expect("the position stays", lseek(file, 0, SEEK_CUR), 2);
    expect("it grew", lseek(file, 0, SEEK_END), 26);
    lseek(file, 2, SEEK_SET);
    expect("at the end, from the position", syscall(SYS_pwritev2, file, out, 1, -1L, -1L, RWF_APPEND), 3);
    expect("which goes there", lseek(file, 0, SEEK_CUR), 29);
    expect("the bytes", pread(file, b, 8, 21) == 8 && memcmp(b, "defghabc", 8) == 0, 1);
    expect("nothing, at the end", syscall(SYS_pwritev2, file, out, 0, -1L, -1L, RWF_APPEND), 0);
    expect("preadv2 does not mind", syscall(SYS_preadv2, file, in, 1, 0L, 0, RWF_APPEND), 3);
    expect_error("preadv2, flags", syscall(SYS_preadv2, file, in, 2, 0L, 0, 0x1000), EOPNOTSUPP);
    expect_error("preadv, negative", syscall(SYS_preadv, file, in, 2, -5L, -1L), EINVAL);
    expect_error("preadv, too many", syscall(SYS_preadv, file, in, 1025, 0L, 0), EINVAL);
    expect_error("preadv, bad address", syscall(SYS_preadv, file, 8L, 1, 0L, 0), EFAULT);
}

static void between_files(void)
{
    int other = open("other", O_CREAT | O_RDWR | O_TRUNC, 0600), ends[2];
    long at = 4, to = 100;

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i * 7);
    expect("pwrite", pwrite(file, bytes, sizeof(bytes), 0), sizeof(bytes));
    expect("sendfile", syscall(SYS_sendfile, other, file, &at, 5000L), 5000);
    expect("its position", at, 5004);
    expect("the other's", lseek(other, 0, SEEK_CUR), 5000);
    static char copy[8192];
    expect("pread", pread(other, copy, 5000, 0), 5000);
    expect("same bytes", memcmp(copy, bytes + 4, 5000), 0);
    lseek(file, 8000, SEEK_SET);
    expect("to the end", syscall(SYS_sendfile, other, file, NULL, 5000L), 192);
    expect("at the end", syscall(SYS_sendfile, other, file, NULL, 5000L), 0);
    expect("pipe", pipe(ends), 0);
    expect("sendfile to a pipe", syscall(SYS_sendfile, ends[1], other, NULL, 0L), 0);
    lseek(other, 0, SEEK_SET);
    expect("sendfile to a pipe", syscall(SYS_sendfile, ends[1], other, NULL, 4000L), 4000);
    int waiting = 0;
    expect("FIONREAD", ioctl(ends[0], FIONREAD, &waiting), 0);
    expect("bytes", waiting, 4000);
    expect_error("not open", syscall(SYS_sendfile, other, 77, NULL, 1L), EBADF);
    expect_error("only for writing", syscall(SYS_sendfile, other, ends[1], NULL, 1L), EBADF);

    at = 0;
    expect("copy_file_range", syscall(SYS_copy_file_range, file, &at, other, &to, 3000L, 0), 3000);
    expect("positions", at == 3000 && to == 3100, 1);
    expect("pread", pread(other, copy, 3000, 100), 3000);
    expect("same bytes", memcmp(copy, bytes, 3000), 0);
    expect_error("flags", syscall(SYS_copy_file_range, file, NULL, other, NULL, 1L, 1), EINVAL);
    to = at = 0;
    expect_error("onto itself", syscall(SYS_copy_file_range, file, &at, file, &to, 10L, 0), EINVAL);
    expect_error("a pipe", syscall(SYS_copy_file_range, file, NULL, ends[1], NULL, 1L, 0), EINVAL);
    close(ends[0]);
    close(ends[1]);
    close(other);
    unlink("other");
}

static void reserving(void)
{
    struct stat info;
    int fresh = open("fresh", O_CREAT | O_RDWR | O_TRUNC, 0600), reading = open("fresh", O_RDONLY);

    expect("fallocate", syscall(SYS_fallocate, fresh, 0, 0L, 10000L), 0);
    fstat(fresh, &info);
    expect("size", info.st_size, 10000);
    expect("takes memory", info.st_blocks >= 20, 1);
    expect("keeping the size", syscall(SYS_fallocate, fresh, 1, 0L, 20000L), 0);
    fstat(fresh, &info);
    expect("size", info.st_size, 10000);
    expect_error("no length", syscall(SYS_fallocate, fresh, 0, 0L, 0L), EINVAL);
    expect_error("negative", syscall(SYS_fallocate, fresh, 0, -1L, 5L), EINVAL);
    expect_error("only for reading", syscall(SYS_fallocate, reading, 0, 0L, 5L), EBADF);
    expect("fadvise64", syscall(SYS_fadvise64, fresh, 0L, 0L, 3), 0);
    expect_error("fadvise64, advice", syscall(SYS_fadvise64, fresh, 0L, 0L, 9), EINVAL);
    expect("fdatasync", syscall(SYS_fdatasync, fresh), 0);
    close(fresh);
    close(reading);
    unlink("fresh");
}

static void flags(void)
{
    int ends[2], other = open("file", O_RDWR | O_APPEND);
    char byte;

    expect("append", write(other, "!", 1), 1);
    expect("at the end", lseek(other, 0, SEEK_CUR), sizeof(bytes) + 1);
    expect("F_SETFL without it", fcntl(other, F_SETFL, 0), 0);
    lseek(other, 0, SEEK_SET);
    expect("write", write(other, "!", 1), 1);
    expect("at the front", lseek(other, 0, SEEK_CUR), 1);
    expect("F_SETFL with it", fcntl(other, F_SETFL, O_APPEND), 0);
    expect("write", write(other, "!", 1), 1);
    expect("at the end", lseek(other, 0, SEEK_CUR), sizeof(bytes) + 2);
    expect("F_GETFL", fcntl(other, F_GETFL) & (O_ACCMODE | O_APPEND), O_RDWR | O_APPEND);

    expect("pipe", pipe(ends), 0);
    expect("O_NONBLOCK", fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    expect_error("read", read(ends[0], &byte, 1), EAGAIN);
    expect("F_GETPIPE_SZ", fcntl(ends[0], 1032), 65536);
    expect("F_DUPFD", fcntl(ends[0], F_DUPFD, 40), 40);
    expect("F_DUPFD_CLOEXEC", fcntl(ends[0], F_DUPFD_CLOEXEC, 40), 41);
    expect("F_GETFD", fcntl(41, F_GETFD), FD_CLOEXEC);
    expect("dup3", syscall(SYS_dup3, ends[0], 42, O_CLOEXEC), 42);
    expect("F_GETFD", fcntl(42, F_GETFD), FD_CLOEXEC);
    expect_error("dup3 onto itself", syscall(SYS_dup3, 42, 42, 0), EINVAL);
    expect_error("dup3, flags", syscall(SYS_dup3, 42, 43, O_APPEND), EINVAL);
    expect_error("F_DUPFD, negative", fcntl(ends[0], F_DUPFD, -1), EINVAL);
    expect_error("unknown command", fcntl(ends[0], 999), EINVAL);
    expect("close_range", syscall(SYS_close_range, 40, 42, 0), 0);
    expect_error("closed", fcntl(41, F_GETFD), EBADF);
    expect("close_range: close on exec", syscall(SYS_close_range, ends[0], ends[0], 4), 0);
    expect("F_GETFD", fcntl(ends[0], F_GETFD), FD_CLOEXEC);
    expect_error("close_range, backwards", syscall(SYS_close_range, 9, 8, 0), EINVAL);
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
    expect_error("write", write(ends[1], "x", 1), EPIPE);
    close(ends[1]);
    close(other);
}

static void locks(void)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int reading = open("file", O_RDONLY);

    expect("F_SETLK", fcntl(file, F_SETLK, &lock), 0);
    expect("F_GETLK", fcntl(file, F_GETLK, &lock), 0);
    expect("free for us", lock.l_type, F_UNLCK);
    lock.l_type = F_WRLCK;
    expect_error("write lock, only reading", fcntl(reading, F_SETLK, &lock), EBADF);
    lock.l_type = 9;
    expect_error("no lock", fcntl(file, F_SETLK, &lock), EINVAL);
    expect("flock", syscall(SYS_flock, file, 2), 0);
    expect("flock, off", syscall(SYS_flock, file, 8), 0);
    expect_error("flock, nothing", syscall(SYS_flock, file, 3), EINVAL);
    close(reading);
}

static void limits(void)
{
    struct rlimit limit, before;

    expect("getrlimit", getrlimit(RLIMIT_NOFILE, &before), 0);
    limit = before;
    limit.rlim_cur = 20;
    expect("setrlimit", setrlimit(RLIMIT_NOFILE, &limit), 0);
    int fd, last = -1;
    while ((fd = dup(file)) >= 0)
        last = fd;
    expect_error("dup", fd, EMFILE);
    expect("the last", last, 19);
    expect_error("dup2 beyond", dup2(file, 20), EBADF);
    expect_error("F_DUPFD beyond", fcntl(file, F_DUPFD, 20), EINVAL);
    expect("dup2 within", dup2(file, 19), 19);
    limit.rlim_cur = 10;
    expect("lower than what is open", setrlimit(RLIMIT_NOFILE, &limit), 0);
    expect("open ones stay", fcntl(19, F_GETFD), 0);
    expect("setrlimit", setrlimit(RLIMIT_NOFILE, &before), 0);
    for (fd = file + 1; fd < 20; fd++)
        close(fd);
}

static void removed_directory(void)
{
    char name[64];

    mkdir("gone", 0700);
    expect("chdir", chdir("gone"), 0);
    expect("rmdir", rmdir("../gone"), 0);
    expect_error("getcwd", syscall(SYS_getcwd, name, sizeof(name)), ENOENT);
    expect_error("create", open("new", O_CREAT | O_WRONLY, 0600), ENOENT);
    expect_error("mkdir", mkdir("new", 0700), ENOENT);
    expect_error("open", open("new", O_RDONLY), ENOENT);
    int fd = open(".", O_RDONLY | O_DIRECTORY);
    expect("open .", fd >= 0, 1);
    expect_error("list", syscall(SYS_getdents64, fd, bytes, sizeof(bytes)), ENOENT);
    close(fd);
    expect("..", chdir(".."), 0);
    expect("is where it was", syscall(SYS_getcwd, name, sizeof(name)), sizeof("/tmp/sys_descriptors"));
}

/* dup(2) gives the lowest number that is free, in a table of several hundred with gaps, and none from the limit on. */
static void lowest_number(void)
{
    enum { COUNT = 300, LIMIT = 290 };
    static bool used[COUNT];
    struct rlimit before, limit;
    unsigned random = 1;
    long wrong = 0, refused = 0;

    for (int fd = 0; fd < COUNT; fd++)
        used[fd] = fcntl(fd, F_GETFD) != -1;
    getrlimit(RLIMIT_NOFILE, &before);
    limit = before;
    limit.rlim_cur = LIMIT;
    setrlimit(RLIMIT_NOFILE, &limit);
    for (int round = 0; round < 6000; round++) {
        random = random * 1103515245 + 12345;
        int fd = (int)(random >> 16) % LIMIT, free = 0;
        bool closing = (random >> 8) % 1000 < (round < 3000 ? 200U : 600U);
        if (closing && fd > 2 && fd != file) {
            wrong += (close(fd) == 0) != used[fd];
            used[fd] = false;
            continue;
        }
        while (free < COUNT && used[free])
            free++;
        int got = dup(file);
        wrong += free < LIMIT ? got != free : got != -1 || errno != EMFILE;
        refused += got < 0;
        if (got >= 0)
            used[got] = true;
    }
    expect("lowest number: wrong", wrong, 0);
    expect("at the limit", refused > 0, 1);
    setrlimit(RLIMIT_NOFILE, &before);
    for (int fd = 3; fd < COUNT; fd++)
        if (used[fd] && fd != file)
            close(fd);
    expect_error("dup of nothing", dup(COUNT - 1), EBADF);
    expect_error("dup of -1", dup(-1), EBADF);
    expect_error("close of nothing", close(COUNT - 1), EBADF);
    expect_error("close of -1", close(-1), EBADF);
}

int main(void)
{
    mkdir("/tmp/sys_descriptors", 0700);
    expect("chdir", chdir("/tmp/sys_descriptors"), 0);
    file = open("file", O_CREAT | O_RDWR | O_TRUNC, 0600);
    vectors();
    between_files();
    reserving();
    flags();
    locks();
    limits();
    lowest_number();
    removed_directory();
    close(file);
    unlink("file");
    expect("clean", rmdir("/tmp/sys_descriptors"), 0);
    return finish();
}
