/* SPDX-License-Identifier: MIT */
/* libc_descriptors.c - lockf, copying between files, hints, alarms in microseconds, a directory's own records. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "check.h"

#define FOLDER "/tmp/libc_descriptors"

static int file;

/* ---- lockf: what another process finds, from a place on */

struct attempt {
    int command;
    off_t at, size;
};

static void attempt(void *argument)
{
    const struct attempt *attempt = argument;
    int fd = open(FOLDER "/file", O_RDWR);

    lseek(fd, attempt->at, SEEK_SET);
    if (lockf(fd, attempt->command, attempt->size) == 0)
        say("    another: gets it");
    else
        say("    another: %s", errno == EACCES || errno == EAGAIN ? "is kept out" : error_name(errno));
}

static void other(int command, off_t at, off_t size)
{
    in_child(attempt, &(struct attempt){command, at, size});
}

static void wait_for_lock(void *argument)
{
    int *ends = argument, fd = open(FOLDER "/file", O_RDWR);

    expect_error("another may not have it now", lockf(fd, F_TLOCK, 0), EAGAIN);
    (void)!write(ends[1], "x", 1); /* the parent lets go */
    expect("    waits, and has it", lockf(fd, F_LOCK, 0), 0);
}

static void waiting(void)
{
    int ends[2], status;
    char byte;

    lseek(file, 0, SEEK_SET);
    expect("all of it", lockf(file, F_LOCK, 0), 0);
    if (pipe(ends) != 0)
        return;
    pid_t child = fork();
    if (child == 0) {
        wait_for_lock(ends);
        _exit(0);
    }
    (void)!read(ends[0], &byte, 1);
    lockf(file, F_ULOCK, 0);
    waitpid(child, &status, 0);
    expect("    its end", status, 0);
    close(ends[0]), close(ends[1]);
}

static void locks(void)
{
    lseek(file, 10, SEEK_SET);
    expect("lockf", lockf(file, F_LOCK, 10), 0);
    expect("    again", lockf(file, F_TLOCK, 5), 0);
    expect("    its own is free for it", lockf(file, F_TEST, 10), 0);
    other(F_TEST, 0, 10);
    other(F_TEST, 0, 11);
    other(F_TLOCK, 19, 1);
    other(F_TLOCK, 20, 0);
    other(F_TEST, 30, -11);
    other(F_TEST, 30, -10);
    expect("unlock", lockf(file, F_ULOCK, 5), 0);
    other(F_TEST, 10, 5);
    other(F_TEST, 10, 6);
    expect_error("no such command", lockf(file, 7, 0), EINVAL);
    expect_error("before the beginning", lockf(file, F_LOCK, -11), EINVAL);
    expect_error("not open", lockf(77, F_TEST, 0), EBADF);
    lockf(file, F_ULOCK, 0);
    waiting();
}

/* ---- Files */

static void copying(void)
{
    int copy = open(FOLDER "/copy", O_RDWR | O_CREAT | O_TRUNC, 0600);
    off_t from = 2, to = 1;
    char text[16] = "";

    expect("a text", pwrite(file, "0123456789", 10, 0), 10);
    lseek(file, 0, SEEK_SET);
    expect("copy_file_range", copy_file_range(file, &from, copy, &to, 4, 0), 4);
    say("    then at %ld and %ld", (long)from, (long)to);
    expect("    the files are where they were", lseek(file, 0, SEEK_CUR) + lseek(copy, 0, SEEK_CUR), 0);
    lseek(file, 7, SEEK_SET);
    lseek(copy, 5, SEEK_SET);
    expect("    without offsets", copy_file_range(file, NULL, copy, NULL, 100, 0), 3);
    expect("    nothing more", copy_file_range(file, NULL, copy, NULL, 100, 0), 0);
    expect("    length", pread(copy, text, sizeof(text) - 1, 0), 8);
    say("    %s", text + 1);
    expect_error("    flags", copy_file_range(file, NULL, copy, NULL, 1, 0x80), EINVAL);
    close(copy);
    unlink(FOLDER "/copy");
}

static void hints(void)
{
    int fd = open(FOLDER "/file", O_RDONLY | O_RSYNC | O_TTY_INIT);

    expect("opened to wait for the disk", (fcntl(fd, F_GETFL) & O_RSYNC) == O_RSYNC, 1);
    expect("    not to wait", fcntl(fd, F_SETFL, FNDELAY), 0);
    expect("    as said", (fcntl(fd, F_GETFL) & (O_NONBLOCK | O_ASYNC)) == O_NONBLOCK, 1);
    close(fd);
    expect("it will be needed", posix_fadvise(file, 0, 4096, POSIX_FADV_WILLNEED), 0);
    expect("    no such hint", posix_fadvise(file, 0, 4096, 77), EINVAL);
    expect("syncfs", syncfs(file), 0);
    expect_error("    not open", syncfs(77), EBADF);
}

/* ---- Alarms */

static volatile sig_atomic_t alarms;

static void on_alarm(int number)
{
    alarms += number == SIGALRM;
}

static void alarm_soon(void)
{
    struct itimerval later = {.it_value = {.tv_sec = 900}};
    sigset_t mask, old;
    unsigned int left;

    signal(SIGALRM, on_alarm);
    alarm(0); /* (who runs many programs in a row has one set) */
    expect("no alarm before", ualarm(0, 0), 0);
    setitimer(ITIMER_REAL, &later, NULL);
    left = ualarm(0, 0);
    expect("the time left", left > 0 && left <= 900000000, 1);
    expect("    no alarm any more", ualarm(0, 0), 0);
    sigemptyset(&mask);
    sigaddset(&mask, SIGALRM);
    sigprocmask(SIG_BLOCK, &mask, &old);
    ualarm(1000, 1000);
    while (alarms < 3)
        sigsuspend(&old);
    ualarm(0, 0);
    expect("three alarms", alarms >= 3, 1);
}

/* ---- A directory's records */

static void records(void)
{
    _Alignas(struct dirent) char records[2048];
    int fd = open(FOLDER, O_RDONLY | O_DIRECTORY), count, found = 0, dots = 0;

    while ((count = getdents(fd, (struct dirent *)records, sizeof(records))) > 0)
        for (int at = 0; at < count;) {
            struct dirent *entry = (struct dirent *)(records + at);
            found += strcmp(entry->d_name, "file") == 0 && entry->d_type == DT_REG;
            dots += entry->d_name[0] == '.' && entry->d_type == DT_DIR;
            at += entry->d_reclen;
        }
    expect("getdents ends", count, 0);
    expect("    the file", found, 1);
    expect("    dots", dots, 2);
    close(fd);
    expect_error("    of a file", getdents(file, (struct dirent *)records, sizeof(records)), ENOTDIR);
}

int main(void)
{
    mkdir(FOLDER, 0700);
    file = open(FOLDER "/file", O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (file < 0)
        return 1;
    locks();
    copying();
    hints();
    alarm_soon();
    records();
    expect("posix_close", posix_close(file, 0), 0);
    expect_error("    again", posix_close(file, 0), EBADF);
    unlink(FOLDER "/file");
    rmdir(FOLDER);
    return finish();
}
