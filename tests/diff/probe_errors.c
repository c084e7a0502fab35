/* SPDX-License-Identifier: MIT */
/* probe_errors.c - calls with arguments on and over each boundary, and what they answer. */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>

#include "probe.h"

#define BAD ((void *)8)
#define RAW(call, ...) outcome(#call "(" #__VA_ARGS__ ")", syscall(SYS_##call, __VA_ARGS__))

static char *at; /* four pages between guards */

static void memory(void)
{
    RAW(mmap, 0, 0, RW, ANON, -1, 0);
    RAW(mmap, 0, 1, RW, ANON, -1, 0);
    RAW(mmap, 0, -1L, RW, ANON, -1, 0);
    RAW(mmap, 0, 1L << 47, RW, ANON, -1, 0);
    RAW(mmap, 0, PAGE, RW, MAP_ANONYMOUS, -1, 0);
    RAW(mmap, 0, PAGE, RW, MAP_PRIVATE, -1, 0);
    RAW(mmap, 0, PAGE, RW, MAP_PRIVATE, 99, 0);
    RAW(mmap, 0, PAGE, RW, ANON, -1, 1);
    RAW(mmap, 0, PAGE, RW, ANON, -1, PAGE);
    RAW(mmap, 0, PAGE, RW, ANON | MAP_FIXED, -1, 0);
    RAW(mmap, 1, PAGE, RW, ANON | MAP_FIXED, -1, 0);
    RAW(mmap, at, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
    RAW(mmap, 0x7ffffffff000, PAGE, RW, ANON | MAP_FIXED, -1, 0);
    RAW(mmap, 0, PAGE, 0xff, ANON, -1, 0);
    RAW(mmap, 0, PAGE, RW, ANON | MAP_SHARED_VALIDATE, -1, 0);
    RAW(munmap, at, 0);
    RAW(munmap, at + 1, PAGE);
    RAW(munmap, 0, PAGE);
    RAW(munmap, 0x7ffffffff000, PAGE);
    RAW(munmap, at, -1L);
    RAW(mprotect, at, 0, RW);
    RAW(mprotect, at + 1, PAGE, RW);
    RAW(mprotect, at, PAGE, 0x40);
    RAW(mprotect, at, PAGE, RW | PROT_GROWSDOWN);
    RAW(mprotect, at, PAGE, RW | PROT_GROWSDOWN | PROT_GROWSUP);
    RAW(mprotect, 0x5000, PAGE, RW);
    RAW(mprotect, at, -PAGE, RW);
    RAW(mprotect, 0xffff800000000000, PAGE, RW);
    RAW(madvise, at + 1, PAGE, MADV_NORMAL);
    RAW(madvise, at, 0, MADV_NORMAL);
    RAW(madvise, at, -1L, MADV_NORMAL);
    RAW(madvise, 0x5000, PAGE, MADV_DONTNEED);
    RAW(madvise, 0x5000, 0, 77);
    RAW(msync, at, PAGE, MS_SYNC);
    RAW(msync, at + 1, PAGE, MS_SYNC);
    RAW(msync, at, PAGE, MS_SYNC | MS_ASYNC);
    RAW(msync, at, PAGE, 64);
    RAW(msync, 0x5000, PAGE, MS_ASYNC);
    RAW(mremap, at, PAGE, 0, 0);
    RAW(mremap, at + 1, PAGE, PAGE, 0);
    RAW(mremap, 0x5000, PAGE, 2 * PAGE, 0);
    RAW(mremap, at, PAGE, PAGE, 64);
    RAW(mlock, 0x5000, PAGE);
    RAW(munlock, 0x5000, PAGE);
    RAW(mlockall, 0);
    RAW(mlockall, 64);
}

static void processes(void)
{
    int status;

    RAW(wait4, -1, 0, 0, 0);
    RAW(wait4, 1 << 22, 0, 0, 0);
    RAW(wait4, -1, &status, 0x1000, 0);
    RAW(kill, 1 << 22, 0);
    RAW(kill, getpid(), 65);
    RAW(kill, getpid(), -1);
    RAW(tkill, 0, 0);
    RAW(tkill, getpid(), 0);
    RAW(tgkill, getpid(), getpid(), 0);
    RAW(tgkill, 1 << 22, getpid(), 0);
    RAW(tgkill, -1, getpid(), 0);
    RAW(getpgid, 1 << 22);
    RAW(getsid, 1 << 22);
    RAW(setpgid, 1 << 22, 0);
    RAW(setpgid, 0, -1);
    RAW(execve, "/nothing", 0, 0);
    RAW(execve, "/tmp", 0, 0);
    RAW(execve, "/dev/null", 0, 0);
    RAW(execve, "", 0, 0);
    RAW(execve, 8, 0, 0);
    RAW(execve, "/tmp/x/y", 0, 0);
    RAW(clone, CLONE_THREAD, 0, 0, 0, 0);
    RAW(clone, CLONE_THREAD | CLONE_SIGHAND, 0, 0, 0, 0);
    RAW(getrlimit, 77, at);
    RAW(getrlimit, RLIMIT_AS, BAD);
    RAW(prlimit64, 0, 77, 0, 0);
    RAW(prlimit64, 1 << 22, 0, 0, 0);
    RAW(getrusage, 5, at);
    RAW(getrusage, 0, BAD);
    RAW(arch_prctl, 0x9999, 0);
    RAW(arch_prctl, 0x1002, 1L << 48);
    RAW(prctl, 9999, 0, 0, 0, 0);
    RAW(sched_getaffinity, 0, 1, at);
    RAW(set_robust_list, at, 1);
    RAW(reboot, 0, 0, 0, 0);
    RAW(futex, at, 0, 1, 0, 0, 0);
    RAW(futex, at + 1, 1, 1, 0, 0, 0);
    RAW(futex, at, 99, 1, 0, 0, 0);
    outcome("an unknown call", syscall(9999));
    outcome("call -1", syscall(-1));
}

static void signals(void)
{
    struct timespec bad_time = {0, 1000000000}, negative = {-1, 0};

    RAW(rt_sigaction, 0, 0, 0, 8);
    RAW(rt_sigaction, 65, 0, 0, 8);
    RAW(rt_sigaction, SIGKILL, at, 0, 8);
    RAW(rt_sigaction, SIGKILL, 0, at, 8);
    RAW(rt_sigaction, SIGUSR1, BAD, 0, 8);
    RAW(rt_sigaction, SIGUSR1, 0, 0, 4);
    RAW(rt_sigprocmask, 5, at, 0, 8);
    RAW(rt_sigprocmask, 5, 0, 0, 8);
    RAW(rt_sigprocmask, 0, BAD, 0, 8);
    RAW(rt_sigprocmask, 0, at, 0, 16);
    RAW(rt_sigpending, BAD, 8);
    RAW(rt_sigpending, at, 16);
    RAW(rt_sigsuspend, BAD, 8);
    RAW(rt_sigsuspend, at, 4);
    RAW(rt_sigtimedwait, BAD, 0, 0, 8);
    RAW(sigaltstack, BAD, 0);
    RAW(sigaltstack, &(stack_t){.ss_sp = at, .ss_size = 100}, 0);
    RAW(sigaltstack, &(stack_t){.ss_sp = at, .ss_size = 9000, .ss_flags = 8}, 0);
    RAW(nanosleep, &bad_time, 0);
    RAW(nanosleep, &negative, 0);
    RAW(nanosleep, BAD, 0);
    RAW(clock_gettime, 99, at);
    RAW(clock_gettime, 0, BAD);
    RAW(clock_getres, 99, at);
    RAW(clock_nanosleep, 99, 0, at, 0);
    RAW(setitimer, 5, at, 0);
    RAW(setitimer, 0, &(struct itimerval){{0, 0}, {0, 1000000}}, 0);
    RAW(getitimer, 5, at);
    RAW(gettimeofday, BAD, 0);
}

static void files(void)
{
    int file = scratch_file(100), ends[2] = {-1, -1}, closed;
    char name[300];

    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    if (pipe(ends) != 0)
        say("no pipe");
    closed = dup(0);
    close(closed);
    RAW(open, "/nothing", O_RDONLY);
    RAW(open, "/tmp", O_WRONLY);
    RAW(open, "/tmp", O_RDWR | O_CREAT, 0600);
    RAW(open, "/dev/null/x", O_RDONLY);
    RAW(open, "", O_RDONLY);
    RAW(open, 8, O_RDONLY);
    RAW(open, name, O_RDONLY | O_CREAT, 0600);
    RAW(open, "/dev/null", O_DIRECTORY);
    RAW(open, "/proc/self/nothing", O_RDONLY);
    RAW(open, "/proc/self/maps", O_WRONLY);
    RAW(openat, closed, "x", 0, 0);
    RAW(openat, file, "x", 0, 0);
    RAW(read, closed, at, 1);
    RAW(read, ends[1], at, 1);
    RAW(read, file, 8, 0);
    RAW(pread64, file, 8, 10, 0);
    RAW(pread64, file, at, 10, -1L);
    RAW(pread64, ends[0], at, 1, 0L);
    RAW(write, ends[0], at, 1);
    RAW(write, file, 8, 10);
    RAW(write, closed, at, 1);
    RAW(readv, file, at, -1);
    RAW(readv, file, at, 1025);
    RAW(writev, file, 8, 1);
    RAW(writev, file, &(struct iovec){at, -1UL}, 1);
    RAW(lseek, ends[0], 0L, 0);
    RAW(lseek, file, -1L, 0);
    RAW(lseek, file, 0L, 9);
    RAW(lseek, file, 10L, SEEK_DATA);
    RAW(lseek, file, 100L, SEEK_DATA);
    RAW(lseek, file, 10L, SEEK_HOLE);
    RAW(lseek, file, 100L, SEEK_HOLE);
    RAW(lseek, file, -1L, SEEK_HOLE);
    RAW(close, closed);
    RAW(dup, closed);
    RAW(dup2, file, -1);
    RAW(dup2, file, 1 << 30);
    RAW(dup3, file, file, 0);
    RAW(dup3, file, 77, 1);
    RAW(fcntl, closed, F_GETFD, 0);
    RAW(fcntl, file, 9999, 0);
    RAW(fcntl, file, F_DUPFD, -1);
    RAW(fcntl, file, F_DUPFD, 1 << 30);
    RAW(ioctl, file, TIOCGWINSZ, at);
    RAW(ioctl, closed, TIOCGWINSZ, at);
    RAW(ioctl, ends[0], 0x9999, at);
    RAW(pipe2, at, 0x40);
    RAW(pipe2, 8, 0);
    RAW(fstat, closed, at);
    RAW(fstat, file, 8);
    RAW(stat, "/nothing", at);
    RAW(newfstatat, file, "", at, 0);
    RAW(newfstatat, file, "", at, 0x1000);
    RAW(newfstatat, AT_FDCWD, "/tmp", at, 0x8000);
    RAW(getdents64, file, at, 100);
    RAW(readlink, "/tmp", at, 100);
    RAW(readlink, "/proc/self/exe", at, 0);
    RAW(readlink, "/proc/self/exe", 8, 100);
    RAW(access, "/tmp", 9);
    RAW(access, "/nothing", 0);
    RAW(getcwd, at, 1);
    RAW(chdir, "/dev/null");
    RAW(chdir, "/nothing");
    RAW(fchdir, file);
    RAW(mkdir, "/tmp", 0755);
    RAW(mkdir, "/nothing/x", 0755);
    RAW(rmdir, "/nothing");
    RAW(rmdir, "/dev/null");
    RAW(rmdir, "/tmp/.");
    RAW(rmdir, "/");
    RAW(unlink, "/tmp");
    RAW(unlink, "/nothing");
    RAW(unlink, "/tmp/nothing/x");
    RAW(rename, "/nothing", "/tmp/x");
    RAW(truncate, "/tmp", 0L);
    RAW(truncate, "/nothing", 0L);
    RAW(ftruncate, ends[0], 0L);
    RAW(ftruncate, file, -1L);
    RAW(fsync, ends[0]);
    RAW(fsync, closed);
    RAW(getrandom, at, 10, 64);
    RAW(getrandom, 8, 10, 0);
    RAW(uname, 8);
    RAW(sysinfo, 8);
    RAW(poll, 8, 1, 0);
    RAW(poll, at, 1 << 30, 0);
    RAW(sendfile, closed, file, 0, 10);
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    at = island(4);
    memset(at, 0, 4 * PAGE);
    memory();
    processes();
    signals();
    files();
    return 0;
}
