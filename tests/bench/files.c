/* SPDX-License-Identifier: MIT */
/* files.c - the paths of names, files, sockets, waiting for many, /proc, and of processes that have much. None has a goal: they stand
 * beside Linux's so that no path is long because nobody looks. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

#define ROUNDS 51
#define KIB 1024UL

static char buffer[64 * KIB];
static struct stat status;
static int pair[2], descriptors[200];
static struct pollfd polls[100];

/* A path of one or a few calls: `each`, after `prepare`. The last result must be no error. */
#define PATH(path, prepare, each)                                                                            \
    static bool path(void)                                                                                   \
    {                                                                                                        \
        long result = 0;                                                                                     \
                                                                                                             \
        prepare;                                                                                             \
        for (int round = 0; round < ROUNDS && result >= 0; round++) {                                        \
            bench_begin();                                                                                   \
            each;                                                                                            \
            bench_end(1);                                                                                    \
        }                                                                                                    \
        return result >= 0;                                                                                  \
    }
#define CALL(name, a, b, c, d) (result = bench_call(SYS_##name, (long)(a), (long)(b), (long)(c), (long)(d)))

static void make_deep(void)
{
    mkdir("/tmp/a", 0777);
    mkdir("/tmp/a/b", 0777);
    mkdir("/tmp/a/b/c", 0777);
    close(open("/tmp/a/b/c/file", O_CREAT | O_WRONLY, 0666));
    symlink("/tmp/a/b/c", "/tmp/link");
}

static void make_many(void)
{
    char name[40];

    mkdir("/tmp/many", 0777);
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "/tmp/many/name%d", i);
        close(open(name, O_CREAT | O_WRONLY, 0666));
    }
    pair[0] = open("/tmp/many", O_RDONLY | O_DIRECTORY);
}

/* pair[0]: a file with 64 KiB in it */
static void make_file(void)
{
    pair[0] = open("/tmp/file", O_CREAT | O_RDWR, 0666);
    write(pair[0], buffer, sizeof(buffer));
}

PATH(stat_deep, make_deep(), CALL(stat, "/tmp/a/b/c/file", &status, 0, 0))
PATH(stat_link, make_deep(), CALL(stat, "/tmp/link/file", &status, 0, 0))
PATH(stat_one_of_many, make_many(), CALL(stat, "/tmp/many/name777", &status, 0, 0))
PATH(fstat_file, make_file(), CALL(fstat, pair[0], &status, 0, 0))
PATH(getcwd_deep, make_deep(); chdir("/tmp/a/b/c"), CALL(getcwd, buffer, sizeof(buffer), 0, 0))
PATH(create_unlink, , CALL(open, "/tmp/new", O_CREAT | O_RDWR, 0666, 0); CALL(close, result, 0, 0, 0);
     CALL(unlink, "/tmp/new", 0, 0, 0))
PATH(rename_twice, make_file(), CALL(rename, "/tmp/file", "/tmp/other", 0, 0);
     CALL(rename, "/tmp/other", "/tmp/file", 0, 0))
PATH(getdents_all, make_many(), CALL(lseek, pair[0], 0, SEEK_SET, 0);
     do CALL(getdents64, pair[0], buffer, 32 * KIB, 0); while (result > 0))

PATH(pread_all, make_file(), CALL(pread64, pair[0], buffer, sizeof(buffer), 0))
PATH(pwrite_all, make_file(), CALL(pwrite64, pair[0], buffer, sizeof(buffer), 0))
PATH(pwrite_new, make_file(), CALL(ftruncate, pair[0], 0, 0, 0);
     CALL(pwrite64, pair[0], buffer, sizeof(buffer), 0))
PATH(append_some, make_file(), CALL(write, pair[0], buffer, 100, 0))
PATH(lock_unlock, struct flock take = {.l_type = F_WRLCK}; struct flock drop = {.l_type = F_UNLCK};
     make_file(), CALL(fcntl, pair[0], F_SETLK, &take, 0); CALL(fcntl, pair[0], F_SETLK, &drop, 0))

static void map_and_read(void)
{
    char *p = mmap(NULL, sizeof(buffer), PROT_READ, MAP_PRIVATE, pair[0], 0);

    for (size_t at = 0; p != MAP_FAILED && at < sizeof(buffer); at += PAGE)
        (void)((volatile char *)p)[at];
    bench_unmap(p, sizeof(buffer));
}

PATH(map_file, make_file(), map_and_read())

PATH(pipe_64k, pipe(pair);
     fcntl(pair[0], F_SETPIPE_SZ, 2 * sizeof(buffer)), CALL(write, pair[1], buffer, sizeof(buffer), 0);
     CALL(read, pair[0], buffer, sizeof(buffer), 0))
PATH(socket_byte, socketpair(AF_UNIX, SOCK_STREAM, 0, pair), CALL(write, pair[1], buffer, 1, 0);
     CALL(read, pair[0], buffer, 1, 0))
PATH(socket_16k, socketpair(AF_UNIX, SOCK_STREAM, 0, pair), CALL(write, pair[1], buffer, 16 * KIB, 0);
     CALL(read, pair[0], buffer, 16 * KIB, 0))
PATH(socketpair_close, , CALL(socketpair, AF_UNIX, SOCK_STREAM, 0, pair); CALL(close, pair[0], 0, 0, 0);
     CALL(close, pair[1], 0, 0, 0))
PATH(pipe_close, , CALL(pipe2, pair, 0, 0, 0); CALL(close, pair[0], 0, 0, 0); CALL(close, pair[1], 0, 0, 0))
PATH(eventfd_both, pair[0] = eventfd(0, 0); buffer[0] = 1, CALL(write, pair[0], buffer, 8, 0);
     CALL(read, pair[0], buffer, 8, 0))

/* The last one has something to read. */
static void hundred_pipes(void)
{
    for (int i = 0; i < 100; i++) {
        pipe(descriptors + 2 * i);
        polls[i] = (struct pollfd){.fd = descriptors[2 * i], .events = POLLIN};
    }
    write(descriptors[199], buffer, 1);
}

static void hundred_in_epoll(void)
{
    hundred_pipes();
    pair[0] = epoll_create1(0);
    for (int i = 0; i < 100; i++)
        epoll_ctl(pair[0], EPOLL_CTL_ADD, descriptors[2 * i], &(struct epoll_event){.events = EPOLLIN});
}

PATH(poll_100, hundred_pipes(), CALL(poll, polls, 100, 0, 0))
PATH(epoll_100, hundred_in_epoll(), CALL(epoll_wait, pair[0], buffer, 10, 0))

static void on_signal(int number)
{
    (void)number;
}

PATH(signal_self, signal(SIGUSR1, on_signal); int me = getpid(), CALL(kill, me, SIGUSR1, 0, 0))
PATH(signal_mask, , CALL(rt_sigprocmask, SIG_BLOCK, buffer, buffer + 8, 8))
PATH(get_time, , CALL(clock_gettime, 1, buffer, 0, 0))
PATH(random_bytes, , CALL(getrandom, buffer, 16, 0, 0))

static long read_whole(const char *name)
{
    long fd = bench_call(SYS_open, (long)name, O_RDONLY, 0, 0), got;

    while ((got = bench_call(SYS_read, fd, (long)buffer, sizeof(buffer), 0)) > 0)
        ;
    bench_call(SYS_close, fd, 0, 0, 0);
    return got;
}

static void mount_proc(void)
{
    mkdir("/proc", 0555);
    mount("proc", "/proc", "proc", 0, NULL);
}

PATH(proc_maps, mount_proc(), result = read_whole("/proc/self/maps"))
PATH(proc_stat, mount_proc(), result = read_whole("/proc/self/stat"))
PATH(proc_rollup, mount_proc(), result = read_whole("/proc/self/smaps_rollup"))

PATH(brk_both, long end = bench_call(SYS_brk, 0, 0, 0, 0), CALL(brk, end + 64 * KIB, 0, 0, 0);
     CALL(brk, end, 0, 0, 0))
PATH(mremap_both, char *p = bench_map(64 * KIB, PROT_READ | PROT_WRITE),
     CALL(mremap, p, 64 * KIB, 128 * KIB, MREMAP_MAYMOVE);
     p = (char *)result; CALL(mremap, p, 128 * KIB, 64 * KIB, MREMAP_MAYMOVE))
PATH(discard, char *p = bench_map(MIB, PROT_READ | PROT_WRITE), bench_touch(p, MIB);
     CALL(madvise, p, MIB, MADV_DONTNEED, 0))

static void fork_wait(void)
{
    int child = bench_fork();

    if (child == 0)
        bench_exit(0);
    bench_wait(child);
}

static void many_regions(void)
{
    char *p = bench_map(2000 * PAGE, PROT_READ | PROT_WRITE);

    bench_touch(p, 2000 * PAGE);
    for (size_t i = 0; i < 2000; i += 2)
        mprotect(p + i * PAGE, PAGE, PROT_READ);
}

static void many_descriptors(void)
{
    for (int i = 0; i < 1000; i++)
        dup2(STDOUT_FILENO, 20 + i);
}

PATH(fork_regions, many_regions(), fork_wait())
PATH(fork_descriptors, many_descriptors(), fork_wait())

static bool yield_to_other(void)
{
    int child = bench_fork();

    while (child == 0)
        bench_call(SYS_sched_yield, 0, 0, 0, 0);
    for (int round = 0; round < ROUNDS; round++) {
        bench_begin();
        bench_call(SYS_sched_yield, 0, 0, 0, 0);
        bench_end(1);
    }
    bench_call(SYS_kill, child, SIGKILL, 0, 0);
    bench_wait(child);
    return child > 0;
}

const struct path file_paths[] = {
    {"stat, four names deep", stat_deep},
    {"stat through a symbolic link", stat_link},
    {"stat of one of 1000 names", stat_one_of_many},
    {"fstat", fstat_file},
    {"getcwd, four names deep", getcwd_deep},
    {"create + close + unlink", create_unlink},
    {"rename, there and back", rename_twice},
    {"getdents64 of 1000 names", getdents_all},
    {"pread of 64 KiB", pread_all},
    {"pwrite of 64 KiB", pwrite_all},
    {"ftruncate + pwrite of 64 KiB", pwrite_new},
    {"append of 100 bytes", append_some},
    {"fcntl lock + unlock", lock_unlock},
    {"mmap + read + munmap of a file, 16 pages", map_file},
    {"pipe, 64 KiB in and out", pipe_64k},
    {"socket, a byte in and out", socket_byte},
    {"socket, 16 KiB in and out", socket_16k},
    {"socketpair + 2 close", socketpair_close},
    {"pipe + 2 close", pipe_close},
    {"eventfd, write + read", eventfd_both},
    {"poll of 100 pipes", poll_100},
    {"epoll_wait, 1 of 100 pipes is ready", epoll_100},
    {"kill itself, to a handler and back", signal_self},
    {"sigprocmask", signal_mask},
    {"clock_gettime, the call", get_time},
    {"getrandom of 16 bytes", random_bytes},
    {"open + read + close of /proc/self/maps", proc_maps},
    {"open + read + close of /proc/self/stat", proc_stat},
    {"open + read + close of smaps_rollup", proc_rollup},
    {"brk of 64 KiB, up and down", brk_both},
    {"mremap, 64 KiB more and less", mremap_both},
    {"touch + MADV_DONTNEED of 1 MiB", discard},
    {"fork + exit + wait, 2000 regions", fork_regions},
    {"fork + exit + wait, 1000 descriptors", fork_descriptors},
    {"sched_yield to another process", yield_to_other},
    {0},
};
