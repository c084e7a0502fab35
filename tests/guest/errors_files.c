/* SPDX-License-Identifier: MIT */
/* errors_files.c - what the calls on descriptors and bytes refuse, and each of their flags. Paths: errors_paths.c. */
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#include "errors.h"

static int file, reader, writer, directory, path, ends[2], full[2], closed = 60;

static void open_all(void)
{
    char block[PAGE] = "";

    file = scratch_file(100);
    reader = open("/proc/self/exe", O_RDONLY);
    writer = open("/dev/null", O_WRONLY);
    directory = open("/tmp", O_RDONLY | O_DIRECTORY);
    path = open("/dev/null", O_PATH);
    (void)!pipe(ends);
    (void)!pipe(full);
    fcntl(full[1], F_SETFL, O_NONBLOCK);
    while (write(full[1], block, PAGE) > 0)
        ;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    errno = 0;
}

static void moving_bytes(void)
{
    struct iovec one = {at, 10}, wild = {BAD, 10}, minus = {at, -1UL}, nothing = {NULL, 0};
    struct iovec half[2] = {{at, 10}, {BAD, 10}}, sum[2] = {{at, INT64_MAX}, {at, INT64_MAX}};

    ROW(read, closed, at, 1);
    ROW(read, -1, at, 1);
    ROW(read, writer, at, 1);
    ROW(read, ends[1], at, 1);
    ROW(read, ends[0], at, 1);
    ROW(read, directory, at, 1);
    ROW(read, path, at, 1);
    ROW(read, file, BAD, 0);
    ROW(read, file, BAD, 10);
    ROW(read, file, at, -1L);
    ROW(read, file, at, 100);
    ROW(write, closed, at, 1);
    ROW(write, reader, at, 1);
    ROW(write, ends[0], at, 1);
    ROW(write, full[1], at, 1);
    ROW(write, directory, at, 1);
    ROW(write, path, at, 1);
    ROW(write, file, BAD, 10);
    ROW(write, file, BAD, 0);
    ROW(write, writer, BAD, 10);
    ROW(pread64, file, BAD, 10, 0);
    ROW(pread64, file, at, 10, -1L);
    ROW(pread64, file, at, 10, 1000L);
    ROW(pread64, ends[0], at, 1, 0L);
    ROW(pread64, directory, at, 1, 0L);
    ROW(pread64, closed, at, 1, 0L);
    ROW(pread64, writer, at, 1, 0L);
    ROW(pwrite64, file, BAD, 10, 0);
    ROW(pwrite64, file, at, 10, -1L);
    ROW(pwrite64, ends[1], at, 1, 0L);
    ROW(pwrite64, reader, at, 1, 0L);
    ROW(pwrite64, closed, at, 1, 0L);
    ROW(readv, file, &one, -1);
    ROW(readv, file, &one, 1025);
    ROW(readv, file, &one, 0);
    ROW(readv, file, &nothing, 1);
    ROW(readv, file, BAD, 1);
    ROW(readv, file, BAD, 0);
    ROW(readv, file, &wild, 1);
    ROW(readv, file, &minus, 1);
    ROW(readv, file, sum, 2);
    ROW(readv, file, half, 2);
    ROW(readv, closed, &one, 1);
    ROW(readv, writer, &one, 1);
    ROW(readv, directory, &one, 1);
    ROW(writev, file, BAD, 1);
    ROW(writev, file, &minus, 1);
    ROW(writev, file, &wild, 1);
    ROW(writev, file, half, 2);
    ROW(writev, file, &one, 1025);
    ROW(writev, reader, &one, 1);
    ROW(writev, closed, &one, 1);
    ROW(writev, full[1], &one, 1);
    ROW(preadv, file, &one, 1, -1L);
    ROW(preadv, file, &one, 1, 0L);
    ROW(preadv, file, &one, -1, 0L);
    ROW(preadv, ends[0], &one, 1, 0L);
    ROW(preadv, closed, &one, 1, 0L);
    ROW(pwritev, file, &one, 1, -1L);
    ROW(pwritev, file, BAD, 1, 0L);
    ROW(pwritev, ends[1], &one, 1, 0L);
    ROW(pwritev, closed, &one, 1, 0L);
    ROW(preadv2, file, &one, 1, -1L, 0L, 0);
    ROW(preadv2, file, &one, 1, -2L, 0L, 0);
    ROW(preadv2, file, &one, 1, 0L, 0L, 0x100000);
    ROW(preadv2, closed, &one, 1, 0L, 0L, 0);
    ROW(pwritev2, file, &one, 1, 0L, 0L, 2 | 4 /* DSYNC, SYNC */);
    ROW(pwritev2, file, &one, 1, 0L, 0L, 0x100000);
    ROW(pwritev2, closed, &one, 1, 0L, 0L, 0);
    ROW(pwritev2, reader, &one, 1, 0L, 0L, 0);
}

static void between_files(void)
{
    int other = scratch_file(0), append = open("/tmp/errors_append", O_RDWR | O_CREAT | O_APPEND, 0600);
    long zero = 0, minus = -1;

    unlink("/tmp/errors_append");
    ROW(sendfile, closed, file, 0, 10);
    ROW(sendfile, other, closed, 0, 10);
    ROW(sendfile, other, writer, 0, 10);
    ROW(sendfile, reader, file, 0, 10);
    ROW(sendfile, other, file, BAD, 10);
    ROW(sendfile, other, file, &minus, 10);
    ROW(sendfile, other, file, &zero, 10);
    ROW(sendfile, other, directory, 0, 10);
    ROW(sendfile, append, file, 0, 10);
    ROW(sendfile, other, ends[0], 0, 10);
    zero = 0;
    ROW(copy_file_range, file, &zero, other, 0, 10, 0);
    ROW(copy_file_range, file, 0, other, 0, 10, 1);
    ROW(copy_file_range, closed, 0, other, 0, 10, 0);
    ROW(copy_file_range, file, 0, closed, 0, 10, 0);
    ROW(copy_file_range, writer, 0, other, 0, 10, 0);
    ROW(copy_file_range, file, 0, reader, 0, 10, 0);
    ROW(copy_file_range, directory, 0, other, 0, 10, 0);
    ROW(copy_file_range, file, 0, directory, 0, 10, 0);
    ROW(copy_file_range, ends[0], 0, other, 0, 10, 0);
    ROW(copy_file_range, file, 0, append, 0, 10, 0);
    ROW(copy_file_range, file, BAD, other, 0, 10, 0);
    long from = 0, to = 5;
    ROW(copy_file_range, file, &from, file, &to, 10, 0);
    close(other), close(append);
}

static void places(void)
{
    ROW(lseek, closed, 0L, 0);
    ROW(lseek, path, 0L, 0);
    ROW(lseek, ends[0], 0L, 0);
    ROW(lseek, ends[0], 0L, 9);
    ROW(lseek, file, -1L, 0);
    ROW(lseek, file, INT64_MIN, 1);
    ROW(lseek, file, -101L, 2);
    ROW(lseek, file, 0L, 5);
    ROW(lseek, file, 0L, 9);
    ROW(lseek, file, 0L, -1);
    ROW(lseek, file, 10L, SEEK_DATA);
    ROW(lseek, file, 1000L, SEEK_DATA);
    ROW(lseek, file, 10L, SEEK_HOLE);
    ROW(lseek, file, 1000L, SEEK_HOLE);
    ROW(lseek, file, -1L, SEEK_HOLE);
    ROW(lseek, writer, 10L, 0);
    ROW(lseek, directory, 0L, 0);
    ROW(lseek, file, 0L, 0);
    ROW(ftruncate, closed, 0L);
    ROW(ftruncate, path, 0L);
    ROW(ftruncate, ends[1], 0L);
    ROW(ftruncate, reader, 0L);
    ROW(ftruncate, directory, 0L);
    ROW(ftruncate, file, -1L);
    ROW(ftruncate, file, 100L);
    ROW(fallocate, closed, 0, 0L, 10L);
    ROW(fallocate, file, 0, -1L, 10L);
    ROW(fallocate, file, 0, 0L, 0L);
    ROW(fallocate, file, 0, 0L, -1L);
    ROW(fallocate, file, 0x1000, 0L, 10L);
    ROW(fallocate, file, 2 /* PUNCH_HOLE without KEEP_SIZE */, 0L, 10L);
    ROW(fallocate, file, 1 /* KEEP_SIZE */, 0L, 10L);
    ROW(fallocate, file, 0, INT64_MAX, 10L);
    ROW(fallocate, reader, 0, 0L, 10L);
    ROW(fallocate, ends[1], 0, 0L, 10L);
    ROW(fallocate, directory, 0, 0L, 10L);
    ROW(fadvise64, closed, 0L, 0L, 0);
    ROW(fadvise64, file, 0L, 0L, 77);
    ROW(fadvise64, file, 0L, -1L, 0);
    ROW(fadvise64, file, 0L, 0L, POSIX_FADV_DONTNEED);
    ROW(fadvise64, ends[0], 0L, 0L, 0);
    ROW(fadvise64, path, 0L, 0L, 0);
    ROW(fsync, file);
    ROW(fsync, directory);
    ROW(fsync, ends[0]);
    ROW(fsync, closed);
    ROW(fsync, path);
    ROW(fdatasync, file);
    ROW(fdatasync, ends[0]);
    ROW(fdatasync, closed);
    ROW(syncfs, file);
    ROW(syncfs, closed);
    ROW(syncfs, path);
}

static void descriptors(void)
{
    int again = dup(file);

    ROW(close, closed);
    ROW(close, -1);
    ROW(dup, closed);
    ROW(dup, -1);
    ROW(dup2, file, -1);
    ROW(dup2, file, 1 << 30);
    ROW(dup2, closed, 77);
    ROW(dup2, closed, closed);
    ROW(dup2, file, file);
    ROW(dup3, file, file, 0);
    ROW(dup3, closed, closed, 0);
    ROW(dup3, file, 77, 1);
    ROW(dup3, file, 77, O_CLOEXEC | O_NONBLOCK);
    ROW(dup3, closed, 77, 0);
    ROW(dup3, file, 1 << 30, 0);
    ROW(dup3, file, again, O_CLOEXEC);
    say("close on exec: %d", fcntl(again, F_GETFD));
    ROW(fcntl, closed, F_GETFD, 0);
    ROW(fcntl, closed, F_GETFL, 0);
    ROW(fcntl, file, 9999, 0);
    ROW(fcntl, file, -1, 0);
    ROW(fcntl, file, F_DUPFD, -1);
    ROW(fcntl, file, F_DUPFD, 1 << 30);
    ROW(fcntl, closed, F_DUPFD, 0);
    ROW(fcntl, file, F_SETFD, FD_CLOEXEC);
    ROW(fcntl, file, F_SETFL, O_APPEND | O_NONBLOCK);
    say("flags %#x", fcntl(file, F_GETFL));
    ROW(fcntl, file, F_SETFL, O_RDONLY);
    say("flags %#x", fcntl(file, F_GETFL));
    ROW(fcntl, path, F_GETFL, 0);
    ROW(fcntl, path, F_SETFL, 0);
    ROW(fcntl, path, F_GETFD, 0);
    ROW(fcntl, file, F_SETLK, BAD);
    ROW(fcntl, file, F_GETPIPE_SZ, 0);
    ROW(fcntl, ends[0], F_GETPIPE_SZ, 0);
    ROW(fcntl, file, F_SETPIPE_SZ, PAGE);
    ROW(flock, closed, LOCK_SH);
    ROW(flock, file, 0);
    ROW(flock, file, LOCK_SH | LOCK_EX);
    ROW(flock, path, LOCK_SH);
    ROW(ioctl, file, TIOCGWINSZ, at);
    ROW(ioctl, closed, TIOCGWINSZ, at);
    ROW(ioctl, path, TIOCGWINSZ, at);
    ROW(ioctl, ends[0], 0x9999, at);
    ROW(ioctl, ends[0], FIONREAD, BAD);
    ROW(ioctl, file, FIONREAD, BAD);
    ROW(ioctl, file, FIONREAD, at);
    ROW(ioctl, file, FIONBIO, BAD);
    ROW(ioctl, directory, TCGETS, at);
    ROW(pipe, BAD);
    ROW(pipe2, at, 0x40);
    ROW(pipe2, at, O_CREAT);
    ROW(pipe2, BAD, 0);
    ROW(pipe2, at, O_CLOEXEC | O_NONBLOCK);
    ROW(close_range, 10, 9, 0);
    ROW(close_range, 900, 1000, 64);
    ROW(close_range, 900, 1000, 4 /* CLOEXEC */);
    ROW(close_range, 900, -1U, 0);
    ROW(getdents64, closed, at, 100);
    ROW(getdents64, file, at, 100);
    ROW(getdents64, directory, at, 1);
    ROW(getdents64, directory, BAD, 1000);
    ROW(getdents64, path, at, 100);
    ROW(fstat, closed, at);
    ROW(fstat, file, BAD);
    ROW(fstat, path, at);
    ROW(fstatfs, closed, at);
    ROW(fstatfs, file, BAD);
    ROW(fchmod, closed, 0600);
    ROW(fchmod, path, 0600);
    ROW(fchmod, file, 0600);
    ROW(fchown, closed, 0, 0);
    ROW(fchown, path, 0, 0);
    ROW(fchown, file, -1, -1);
    ROW(fchdir, closed);
    ROW(fchdir, file);
    close(again);
}

static void the_limit(void)
{
    struct rlimit before, few;

    getrlimit(RLIMIT_NOFILE, &before);
    few = (struct rlimit){20, before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &few);
    int dups[20], count = 0;
    while ((dups[count] = dup(file)) >= 0)
        count++;
    say("20 descriptors:");
    ROW(dup, file);
    ROW(dup2, file, 20);
    ROW(dup3, file, 20, 0);
    ROW(fcntl, file, F_DUPFD, 5);
    ROW(fcntl, file, F_DUPFD, 19);
    ROW(fcntl, file, F_DUPFD, 20);
    ROW(fcntl, file, F_DUPFD_CLOEXEC, 0);
    ROW(open, "/dev/null", O_RDONLY);
    ROW(open, "/nothing", O_RDONLY);
    ROW(pipe, at);
    ROW(pipe2, at, 0);
    ROW(poll, at, 21, 0);
    setrlimit(RLIMIT_NOFILE, &before);
    while (count > 0)
        close(dups[--count]);
    errno = 0;
}

/* A child with the same table, until it wants one of its own. */
static void one_table(void)
{
    int shared = dup(file), status;

    for (int unshare = 0; unshare < 2; unshare++) {
        int child = (int)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
        if (child == 0) {
            ROW(close_range, 900, 1000, 2 | 8);
            ROW(close_range, shared, shared, unshare ? 2 /* UNSHARE */ : 4 /* CLOEXEC */);
            ROW(fcntl, shared, F_GETFD, 0);
            _exit(0);
        }
        waitpid(child, &status, 0);
        say("the parent has flags %d", fcntl(shared, F_GETFD));
    }
    ROW(close_range, shared, shared, 2 | 4 /* UNSHARE, CLOEXEC */);
    say("flags %d", fcntl(shared, F_GETFD));
    close(shared);
}

#define MOST (1L << 20)

static int too_large;

static void count_signal(int number)
{
    too_large += number == SIGXFSZ;
}

#define MOVED(call, ...) say("%s(%s): %ld", #call, #__VA_ARGS__, syscall(SYS_##call, ##__VA_ARGS__))

static void the_size_limit(void)
{
    struct iovec two[2] = {{at, 10}, {at, 10}};
    struct rlimit before, few;
    int large = scratch_file(2 * MOST), small = scratch_file(100), number;
    int append = open("/tmp/errors_append", O_RDWR | O_CREAT | O_APPEND, 0600);
    int killed_first = open("/proc/self/oom_score_adj", O_WRONLY);
    long from = 0, to = MOST;

    (void)!ftruncate(append, MOST - 4);
    getrlimit(RLIMIT_FSIZE, &before);
    few = (struct rlimit){MOST, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &few);
    signal(SIGXFSZ, count_signal);
    say("files of 1 MiB:");
    MOVED(pwrite64, small, at, 10, MOST - 4);
    MOVED(pwritev, small, two, 2, MOST - 14);
    MOVED(pwritev, small, two, 2, MOST - 10);
    MOVED(pwrite64, large, at, 10, MOST - 4);
    MOVED(write, append, at, 10);
    MOVED(pwritev2, small, two, 2, 0L, 0L, 0);
    to = MOST - 4;
    MOVED(sendfile, small, file, &from, 10);
    MOVED(copy_file_range, file, &from, small, &to, 10, 0);
    MOVED(write, writer, at, 10);
    MOVED(pwrite64, killed_first, "0", 1, MOST);
    say("signals: %d", too_large);
    to = MOST;
    ROW(pwrite64, small, at, 10, MOST);
    ROW(pwrite64, small, BAD, 10, MOST);
    ROW(pwrite64, small, at, 0, 2 * MOST);
    ROW(pwrite64, large, at, 10, MOST + 10);
    ROW(pwrite64, reader, at, 10, MOST);
    ROW(pwritev, small, two, 2, MOST);
    ROW(write, append, at, 10);
    ROW(pwritev2, small, two, 2, -1L, 0L, 0x10 /* APPEND */);
    ROW(copy_file_range, file, &from, small, &to, 10, 0);
    lseek(small, MOST, SEEK_SET);
    ROW(write, small, at, 10);
    ROW(writev, small, two, 2);
    ROW(sendfile, small, file, &from, 10);
    ROW(ftruncate, small, MOST + 1);
    ROW(ftruncate, small, MOST);
    ROW(ftruncate, large, 2 * MOST - 1);
    ROW(ftruncate, large, 2 * MOST);
    ROW(ftruncate, reader, 2 * MOST);
    ROW(truncate, "/tmp/errors_append", MOST + 1);
    ROW(truncate, "/tmp", MOST + 1);
    ROW(fallocate, small, 0, MOST, 1L);
    ROW(fallocate, small, 0, MOST - 1, 1L);
    say("signals: %d", too_large);
    say("sizes: %ld %ld %ld", lseek(small, 0, SEEK_END), lseek(large, 0, SEEK_END),
        lseek(append, 0, SEEK_END));
    signal(SIGXFSZ, SIG_DFL);
    int child = fork();
    if (child == 0) {
        (void)!pwrite(small, at, 10, MOST);
        _exit(0);
    }
    waitpid(child, &number, 0);
    say("a child that does not expect it: signal %d", WTERMSIG(number));
    setrlimit(RLIMIT_FSIZE, &before);
    unlink("/tmp/errors_append");
    close(small), close(large), close(append), close(killed_first);
    errno = 0;
}

static void waiting(void)
{
    struct timespec zero = {0, 0}, bad = {0, 1000000000}, negative = {-1, 0};
    struct pollfd one = {.fd = ends[0], .events = POLLIN}, gone = {.fd = closed, .events = POLLIN};
    fd_set set, broken;
    struct timeval no_time = {0, 0}, minus = {-1, 0};
    struct {
        const void *set;
        size_t size;
    } mask = {at, 8}, bad_mask = {at, 4}, wild_mask = {BAD, 8};

    memset(at, 0, PAGE);
    FD_ZERO(&set);
    FD_SET(ends[0], &set);
    FD_ZERO(&broken);
    FD_SET(closed, &broken);
    ROW(poll, BAD, 1, 0);
    ROW(poll, at, 1 << 30, 0);
    ROW(poll, BAD, 0, 0);
    ROW(poll, &one, 1, 0);
    ROW(poll, &gone, 1, 0);
    say("closed: %d", gone.revents);
    ROW(ppoll, BAD, 1, &zero, 0, 8);
    ROW(ppoll, &one, 1, BAD, 0, 8);
    ROW(ppoll, &one, 1, &bad, 0, 8);
    ROW(ppoll, &one, 1, &negative, 0, 8);
    ROW(ppoll, &one, 1, &zero, at, 4);
    ROW(ppoll, &one, 1, &zero, BAD, 8);
    ROW(ppoll, &one, 1, &zero, at, 8);
    ROW(select, -1, 0, 0, 0, &no_time);
    ROW(select, 0, 0, 0, 0, &no_time);
    ROW(select, 64, &set, 0, 0, &no_time);
    FD_SET(ends[0], &set);
    ROW(select, 64, &broken, 0, 0, &no_time);
    ROW(select, ends[0] + 1, BAD, 0, 0, &no_time);
    ROW(select, ends[0] + 1, &set, 0, 0, BAD);
    ROW(select, ends[0] + 1, &set, 0, 0, &minus);
    ROW(pselect6, -1, 0, 0, 0, &zero, 0);
    ROW(pselect6, 0, 0, 0, 0, &bad, 0);
    ROW(pselect6, 0, 0, 0, 0, BAD, 0);
    ROW(pselect6, 0, 0, 0, 0, &zero, BAD);
    ROW(pselect6, 0, 0, 0, 0, &zero, &mask);
    ROW(pselect6, 0, 0, 0, 0, &zero, &bad_mask);
    ROW(pselect6, 0, 0, 0, 0, &zero, &wild_mask);
    ROW(pselect6, 64, &broken, 0, 0, &zero, 0);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    at = island(4);
    memset(at, 0, 4 * PAGE);
    open_all();
    moving_bytes();
    between_files();
    places();
    descriptors();
    waiting();
    the_limit();
    one_table();
    the_size_limit();
    int numbers = open("/proc/sys/kernel/pid_max", O_WRONLY);
    ROW(write, numbers, "0", 1);
    close(full[0]);
    ROW(write, full[1], at, 1);
    ROW(sync);
    return table_end();
}
