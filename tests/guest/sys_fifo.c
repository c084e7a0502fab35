/* SPDX-License-Identifier: MIT */
/* sys_fifo.c - named pipes: making, opening (who waits for whom), reading, writing, polling. fifo(7). */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>

#include "check.h"

#define NAME "/tmp/sys_fifo"

static void on_signal(int number)
{
    (void)number;
}

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
}

static int ready(int fd, short events)
{
    struct pollfd poll_one = {.fd = fd, .events = events};
    poll(&poll_one, 1, 0);
    return poll_one.revents;
}

static void making(void)
{
    struct stat stat;

    umask(022);
    expect("mknod", mknod(NAME, S_IFIFO | 0666, 0), 0);
    expect("stat", lstat(NAME, &stat), 0);
    expect("mode", stat.st_mode, S_IFIFO | 0644);
    expect("size", stat.st_size, 0);
    expect("links", (long)stat.st_nlink, 1);
    expect_error("mknod again", mknod(NAME, S_IFIFO | 0666, 0), EEXIST);
    expect("chmod", chmod(NAME, 0600), 0);
    expect_error("truncate", truncate(NAME, 0), EINVAL);
    expect("link", link(NAME, NAME ".2"), 0);
    expect("rename", rename(NAME ".2", NAME ".3"), 0);
    expect("unlink", unlink(NAME ".3"), 0);
}

static void without_waiting(void)
{
    char text[8];

    expect_error("O_WRONLY|O_NONBLOCK, no reader", open(NAME, O_WRONLY | O_NONBLOCK), ENXIO);
    int reader = open(NAME, O_RDONLY | O_NONBLOCK);
    expect("O_RDONLY|O_NONBLOCK", reader >= 0, 1);
    expect("read without a writer", read(reader, text, 8), 0);
    expect("poll: nobody has hung up", ready(reader, POLLIN), 0);
    expect_error("lseek", lseek(reader, 0, SEEK_SET), ESPIPE);
    int writer = open(NAME, O_WRONLY | O_NONBLOCK);
    expect("O_WRONLY|O_NONBLOCK", writer >= 0, 1);
    expect("poll: room", ready(writer, POLLOUT), POLLOUT);
    expect_error("read an empty one", read(reader, text, 8), EAGAIN);
    expect("write", write(writer, "abcd", 4), 4);
    expect("poll: bytes", ready(reader, POLLIN), POLLIN);
    expect("F_GETPIPE_SZ", fcntl(reader, F_GETPIPE_SZ), 65536);
    struct stat one, two;
    fstat(reader, &one), fstat(writer, &two);
    expect("one node", one.st_ino == two.st_ino && S_ISFIFO(one.st_mode), 1);
    close(writer);
    expect("poll: bytes and hung up", ready(reader, POLLIN), POLLIN | POLLHUP);
    expect("read", read(reader, text, 8), 4);
    expect("read at the end", read(reader, text, 8), 0);
    expect("poll: hung up", ready(reader, POLLIN), POLLHUP);
    writer = open(NAME, O_WRONLY);
    expect("poll: somebody new", ready(reader, POLLIN), 0);
    close(reader);
    signal(SIGPIPE, SIG_IGN);
    expect_error("write without a reader", write(writer, "x", 1), EPIPE);
    expect("poll: no reader", ready(writer, POLLOUT), POLLOUT | POLLERR);
    close(writer);

    int both = open(NAME, O_RDWR);
    expect("O_RDWR does not wait", both >= 0, 1);
    expect("write to itself", write(both, "left behind", 11), 11);
    close(both);
    reader = open(NAME, O_RDONLY | O_NONBLOCK);
    expect("what was left is lost", read(reader, text, 8), 0);
    close(reader);
}

static void end_of(const char *what, pid_t child)
{
    int status = -1;
    waitpid(child, &status, 0);
    expect(what, status, 0);
}

static void waiting(void)
{
    char text[16] = "";

    pid_t child = fork();
    if (child == 0) {
        int writer = open(NAME, O_WRONLY);
        _exit(write(writer, "hello", 5) == 5 ? 0 : 1);
    }
    nap();
    int reader = open(NAME, O_RDONLY);
    expect("read what the child wrote", read(reader, text, sizeof(text)), 5);
    expect("then its end", read(reader, text, sizeof(text)), 0);
    end_of("the writer waited for us", child);
    close(reader);

    child = fork();
    if (child == 0) {
        reader = open(NAME, O_RDONLY);
        _exit(read(reader, text, sizeof(text)) == 2 ? 0 : 1);
    }
    nap();
    int writer = open(NAME, O_WRONLY);
    expect("write", write(writer, "hi", 2), 2);
    end_of("the reader waited for us", child);
    close(writer);

    child = fork();
    if (child == 0) {
        struct sigaction action = {.sa_handler = on_signal};
        sigaction(SIGALRM, &action, NULL);
        alarm(1);
        expect_error("open is interrupted", open(NAME, O_RDONLY), EINTR);
        expect_error("nobody was left behind", open(NAME, O_WRONLY | O_NONBLOCK), ENXIO);
        _exit(0);
    }
    end_of("end of that child", child);
}

static void through_proc(void)
{
    char path[32], text[4];
    int ends[2];

    (void)!pipe(ends);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
    int again = open(path, O_WRONLY);
    expect("the write end of a pipe by way of /proc", write(again, "abc", 3), 3);
    close(again), close(ends[1]);
    expect("read", read(ends[0], text, 4), 3);
    expect("end", read(ends[0], text, 4), 0);
    expect_error("no O_DIRECTORY", open(NAME, O_RDONLY | O_NONBLOCK | O_DIRECTORY), ENOTDIR);
}

int main(void)
{
    unlink(NAME);
    making();
    without_waiting();
    waiting();
    through_proc();
    int reader = open(NAME, O_RDONLY | O_NONBLOCK), writer = open(NAME, O_WRONLY);
    expect("unlink while open", unlink(NAME), 0);
    expect("it works on", write(writer, "x", 1) + read(reader, &(char){0}, 1), 2);
    return finish();
}
