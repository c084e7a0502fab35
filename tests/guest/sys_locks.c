/* SPDX-License-Identifier: MIT */
/* sys_locks.c - fcntl's record locks, the same of open files, flock: who is kept out, by whom, until when. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <time.h>

#include "check.h"

#define NAME "/tmp/sys_locks"

static int fd;

static struct flock range(short type, long start, long length)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
}

static int lock(int file, int command, short type, long start, long length)
{
    struct flock flock = range(type, start, length);
    return fcntl(file, command, &flock);
}

/* ---- what another process sees ---- */

struct view {
    int command;
    short type;
    long start, length;
};

static void look(void *argument)
{
    const struct view *view = argument;
    struct flock flock = range(view->type, view->start, view->length);
    int file = open(NAME, O_RDWR);

    if (fcntl(file, view->command, &flock) != 0)
        say("  look: %s", error_name(errno));
    else if (flock.l_type == F_UNLCK)
        say("  [%ld, +%ld] for %s: free", view->start, view->length,
            view->type == F_RDLCK ? "reading" : "writing");
    else
        say("  [%ld, +%ld] for %s: %s [%ld, +%ld] whence %d, pid is %s", view->start, view->length,
            view->type == F_RDLCK ? "reading" : "writing", flock.l_type == F_RDLCK ? "read" : "write",
            (long)flock.l_start, (long)flock.l_len, flock.l_whence,
            flock.l_pid == getppid() ? "the parent's"
            : flock.l_pid == -1      ? "-1"
                                     : "another");
}

static void others_see(const char *when, int command)
{
    static const struct view views[] = {{0, F_RDLCK, 0, 0},   {0, F_WRLCK, 0, 0},   {0, F_WRLCK, 0, 10},
                                        {0, F_WRLCK, 10, 10}, {0, F_WRLCK, 20, 10}, {0, F_WRLCK, 30, 0},
                                        {0, F_RDLCK, 15, 1},  {0, F_WRLCK, 1000, 1}};

    say("%s:", when);
    for (unsigned i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
        struct view view = views[i];
        view.command = command;
        in_child(look, &view);
    }
}

static void ranges(void)
{
    expect("write [0, +30]", lock(fd, F_SETLK, F_WRLCK, 0, 30), 0);
    others_see("one lock", F_GETLK);
    expect("read [10, +10]", lock(fd, F_SETLK, F_RDLCK, 10, 10), 0);
    others_see("its middle is read", F_GETLK);
    expect("unlock [10, +10]", lock(fd, F_SETLK, F_UNLCK, 10, 10), 0);
    others_see("a hole", F_GETLK);
    expect("write [10, +10]", lock(fd, F_SETLK, F_WRLCK, 10, 10), 0);
    others_see("one again", F_GETLK);
    expect("read [29, to the end]", lock(fd, F_SETLK, F_RDLCK, 29, 0), 0);
    others_see("to the end", F_GETLK);
    expect("unlock all", lock(fd, F_SETLK, F_UNLCK, 0, 0), 0);
    others_see("nothing", F_GETLK);
    expect("write [90, -10]", lock(fd, F_SETLK, F_WRLCK, 30, -10), 0);
    others_see("a length below 0", F_GETLK);
    lseek(fd, 5, SEEK_SET);
    struct flock flock = {.l_type = F_WRLCK, .l_whence = SEEK_CUR, .l_start = 5, .l_len = 5};
    expect("from the position", fcntl(fd, F_SETLK, &flock), 0);
    others_see("from the position", F_GETLK);
    flock = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_END, .l_start = -100, .l_len = 100};
    expect("from the end", fcntl(fd, F_SETLK, &flock), 0);
    others_see("from the end", F_GETLK);
    expect("dup and close", close(dup(fd)), 0);
    others_see("any close loses all", F_GETLK);
}

static void errors(void)
{
    struct flock flock = range(77, 0, 0);
    int reader = open(NAME, O_RDONLY), writer = open(NAME, O_WRONLY), path = open(NAME, O_PATH);

    expect_error("type 77", fcntl(fd, F_SETLK, &flock), EINVAL);
    flock = (struct flock){.l_type = F_WRLCK, .l_whence = 9};
    expect_error("whence 9", fcntl(fd, F_SETLK, &flock), EINVAL);
    expect_error("start -1", lock(fd, F_SETLK, F_WRLCK, -1, 0), EINVAL);
    expect_error("length below the start", lock(fd, F_SETLK, F_WRLCK, 5, -6), EINVAL);
    expect_error("end beyond all", lock(fd, F_SETLK, F_WRLCK, INT64_MAX, 2), EOVERFLOW);
    flock = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_END, .l_start = INT64_MAX};
    expect_error("start beyond all", fcntl(fd, F_SETLK, &flock), EOVERFLOW);
    expect_error("GETLK of no lock", lock(fd, F_GETLK, F_UNLCK, 0, 0), EINVAL);
    expect_error("write lock, read-only file", lock(reader, F_SETLK, F_WRLCK, 0, 0), EBADF);
    expect_error("read lock, write-only file", lock(writer, F_SETLK, F_RDLCK, 0, 0), EBADF);
    expect_error("O_PATH", lock(path, F_SETLK, F_RDLCK, 0, 0), EBADF);
    expect_error("bad descriptor", lock(99, F_SETLK, F_RDLCK, 0, 0), EBADF);
    expect_error("bad pointer", syscall(SYS_fcntl, fd, F_SETLK, 8), EFAULT);
    flock = range(F_WRLCK, 0, 0), flock.l_pid = 1;
    expect_error("OFD with a pid", fcntl(fd, F_OFD_SETLK, &flock), EINVAL);
    expect_error("flock 0", flock.l_pid - 1 + syscall(SYS_flock, fd, 0), EINVAL);
    expect_error("flock SH|EX", syscall(SYS_flock, fd, LOCK_SH | LOCK_EX), EINVAL);
    expect_error("flock O_PATH", syscall(SYS_flock, path, LOCK_SH), EBADF);
    expect_error("flock 99", syscall(SYS_flock, 99, LOCK_SH), EBADF);
    close(reader), close(writer), close(path);
}

/* ---- waiting ---- */

static int to_parent[2];

static void tell(char what)
{
    (void)!write(to_parent[1], &what, 1);
}

static char hear(void)
{
    char what = '?';
    (void)!read(to_parent[0], &what, 1);
    return what;
}

static void wait_until_sleeps(pid_t child)
{
    char path[64], line[256];

    for (int i = 0; i < 10000; i++) {
        snprintf(path, sizeof(path), "/proc/%d/stat", child);
        int file = open(path, O_RDONLY);
        ssize_t size = read(file, line, sizeof(line) - 1);
        close(file);
        line[size > 0 ? size : 0] = 0;
        char *end = strrchr(line, ')');
        if (end && end[2] == 'S')
            return;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

static void on_signal(int number)
{
    (void)number;
}

static int end_of(pid_t child)
{
    int status = -1;
    waitpid(child, &status, 0);
    return status;
}

static void waiting(void)
{
    lock(fd, F_SETLK, F_WRLCK, 0, 10);
    pid_t child = fork();
    if (child == 0) {
        int file = open(NAME, O_RDWR);
        expect_error("child: SETLK", lock(file, F_SETLK, F_RDLCK, 9, 1), EAGAIN);
        expect("child: SETLK beside it", lock(file, F_SETLK, F_WRLCK, 10, 1), 0);
        tell('a');
        expect("child: SETLKW", lock(file, F_SETLKW, F_RDLCK, 9, 1), 0);
        say("child: has it after %c", hear());
        _exit(0);
    }
    hear();
    wait_until_sleeps(child);
    tell('u');
    lock(fd, F_SETLK, F_UNLCK, 0, 10);
    expect("end of the child", end_of(child), 0);
    expect("its locks are gone", lock(fd, F_SETLK, F_WRLCK, 0, 0), 0);

    child = fork();
    if (child == 0) {
        int file = open(NAME, O_RDWR);
        struct sigaction action = {.sa_handler = on_signal};
        sigaction(SIGUSR1, &action, NULL);
        tell('b');
        expect_error("child: SETLKW and a signal", lock(file, F_SETLKW, F_RDLCK, 9, 1), EINTR);
        _exit(0);
    }
    hear();
    wait_until_sleeps(child);
    kill(child, SIGUSR1);
    expect("end of the child", end_of(child), 0);
    lock(fd, F_SETLK, F_UNLCK, 0, 0);
}

static void deadlock(void)
{
    lock(fd, F_SETLK, F_WRLCK, 0, 1);
    pid_t child = fork();
    if (child == 0) {
        lock(fd, F_SETLK, F_WRLCK, 1, 1);
        tell('d');
        expect("child: SETLKW [0]", lock(fd, F_SETLKW, F_WRLCK, 0, 1), 0);
        _exit(0);
    }
    hear();
    wait_until_sleeps(child);
    expect_error("SETLKW [1] closes the ring", lock(fd, F_SETLKW, F_WRLCK, 1, 1), EDEADLK);
    lock(fd, F_SETLK, F_UNLCK, 0, 0);
    expect("end of the child", end_of(child), 0);
}

/* ---- open files ---- */

static void open_files(void)
{
    int other = open(NAME, O_RDWR);

    expect("OFD write [0, +30]", lock(fd, F_OFD_SETLK, F_WRLCK, 0, 30), 0);
    expect_error("... by another open file", lock(other, F_OFD_SETLK, F_RDLCK, 29, 1), EAGAIN);
    expect_error("... by the process", lock(other, F_SETLK, F_RDLCK, 29, 1), EAGAIN);
    others_see("of an open file", F_GETLK);
    others_see("asked as an open file", F_OFD_GETLK);
    expect("dup and close", close(dup(fd)), 0);
    expect_error("it is still there", lock(other, F_OFD_SETLK, F_RDLCK, 29, 1), EAGAIN);
    lock(fd, F_OFD_SETLK, F_UNLCK, 0, 0);
    expect("and now it is not", lock(other, F_OFD_SETLK, F_RDLCK, 29, 1), 0);
    close(other);
}

static void take_flock(void *argument)
{
    int file = open(NAME, O_RDONLY), how = *(int *)argument;
    expect("child: flock", flock(file, how) == 0 ? 0 : errno, how & LOCK_SH ? 0 : EAGAIN);
}

static void inherit(void *argument)
{
    expect("child: unlocks the file that it inherited", flock(*(int *)argument, LOCK_UN), 0);
}

static void whole_files(void)
{
    int other = open(NAME, O_RDONLY), shared = LOCK_SH | LOCK_NB, exclusive = LOCK_EX | LOCK_NB;

    expect("shared", flock(fd, LOCK_SH), 0);
    in_child(take_flock, &shared);
    in_child(take_flock, &exclusive);
    expect("shared twice", flock(other, LOCK_SH | LOCK_NB), 0);
    expect_error("to exclusive", flock(fd, LOCK_EX | LOCK_NB), EAGAIN);
    expect("and what was there is lost", flock(other, LOCK_EX | LOCK_NB), 0);
    expect("record locks do not care", lock(fd, F_SETLK, F_WRLCK, 0, 0), 0);
    close(other);
    expect("closed", flock(fd, LOCK_EX | LOCK_NB), 0);
    in_child(inherit, &fd);
    other = open(NAME, O_RDONLY);
    expect("it was the same lock", flock(other, LOCK_EX | LOCK_NB), 0);
    pid_t child = fork();
    if (child == 0) {
        int file = open(NAME, O_RDONLY);
        close(other), close(fd);
        tell('w');
        expect("child: waits and gets it", flock(file, LOCK_EX), 0);
        _exit(0);
    }
    hear();
    wait_until_sleeps(child);
    close(other);
    expect("end of the child", end_of(child), 0);
}

/* Four processes count in one file, a lock around each step. */
static void counting(void)
{
    long number = 0;
    pid_t children[4];

    (void)!pwrite(fd, &number, sizeof(number), 0);
    for (int i = 0; i < 4; i++) {
        if ((children[i] = fork()) != 0)
            continue;
        int file = open(NAME, O_RDWR);
        for (int round = 0; round < 50; round++) {
            i % 2 ? lock(file, F_SETLKW, F_WRLCK, 0, 8) : lock(file, F_OFD_SETLKW, F_WRLCK, 0, 8);
            (void)!pread(file, &number, sizeof(number), 0);
            number++;
            sched_yield();
            (void)!pwrite(file, &number, sizeof(number), 0);
            i % 2 ? lock(file, F_SETLK, F_UNLCK, 0, 8) : lock(file, F_OFD_SETLK, F_UNLCK, 0, 8);
        }
        _exit(0);
    }
    for (int i = 0; i < 4; i++)
        end_of(children[i]);
    (void)!pread(fd, &number, sizeof(number), 0);
    expect("4 x 50 steps", number, 200);
}

int main(void)
{
    fd = open(NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);
    (void)!ftruncate(fd, 100);
    (void)!pipe(to_parent);
    ranges();
    errors();
    waiting();
    deadlock();
    open_files();
    whole_files();
    counting();
    unlink(NAME);
    return finish();
}
