/* SPDX-License-Identifier: MIT */
/* libc_daemon.c - a process that goes on in the background, and another program from an open file. */
#include <fcntl.h>
#include <stdio.h>

#include "check.h"

static int ends[2];

/* ---- daemon: what it is like there comes through a pipe, line by line until nobody has the other end */

static void tell(const char *what, long fact)
{
    dprintf(ends[1], "    %s: %ld\n", what, fact);
}

static void in_background(pid_t session, int keep_directory, int keep_streams)
{
    char here[64] = "", byte;

    if (daemon(keep_directory, keep_streams) != 0)
        _exit(1);
    tell("the session is the same", getsid(0) == session);
    tell("the directory is /", strcmp(getcwd(here, sizeof(here)), "/") == 0);
    if (keep_streams)
        return;
    tell("to read", read(STDIN_FILENO, &byte, 1));
    tell("written", write(STDOUT_FILENO, "unseen\n", 7));
    tell("    errors", write(STDERR_FILENO, "unseen\n", 7));
    tell("the next descriptor is", dup(STDIN_FILENO));
}

static void background(int keep_directory, int keep_streams)
{
    char text[512] = "";
    int status = -1;
    size_t length = 0;

    say("daemon(%d, %d)", keep_directory, keep_streams);
    if (pipe(ends) != 0)
        return;
    pid_t session = getsid(0), child = fork();
    if (child == 0) {
        in_background(session, keep_directory, keep_streams);
        _exit(0);
    }
    close(ends[1]);
    waitpid(child, &status, 0);
    expect("    the parent's end", status, 0);
    for (ssize_t count; (count = read(ends[0], text + length, sizeof(text) - 1 - length)) > 0;)
        length += (size_t)count;
    close(ends[0]);
    (void)!write(STDOUT_FILENO, text, length);
}

/* ---- fexecve */

static void execute(void *flags)
{
    char *const words[] = {"another name", "again", NULL}, *const environment[] = {"ONLY=this", NULL};
    int fd = open("/proc/self/exe", *(int *)flags);

    fexecve(fd, words, environment);
    say("    not executed: %s", error_name(errno));
    _exit(1);
}

static int again(char **argv)
{
    extern char **environ;

    say("    %s, %s, %s", argv[0], environ[0], environ[1] == NULL ? "no more" : "more");
    return 3;
}

static void executing(void)
{
    char *const words[] = {"x", NULL};
    int plain = O_RDONLY, closed = O_RDONLY | O_CLOEXEC;
    int file = open("/tmp/libc_daemon", O_RDWR | O_CREAT | O_TRUNC, 0600);

    say("fexecve");
    expect("    status", WEXITSTATUS(in_child(execute, &plain)), 3);
    expect("    status, closed on exec", WEXITSTATUS(in_child(execute, &closed)), 3);
    expect_error("not open", fexecve(77, words, words + 1), EBADF);
    expect_error("not executable", fexecve(file, words, words + 1), EACCES);
    close(file);
    unlink("/tmp/libc_daemon");
    file = open("/tmp", O_RDONLY);
    expect_error("a directory", fexecve(file, words, words + 1), EACCES);
    close(file);
}

int main(int argc, char **argv)
{
    if (argc == 2)
        return again(argv);
    if (chdir("/tmp") != 0)
        return 1;
    background(0, 0);
    background(1, 1);
    background(0, 1);
    executing();
    return finish();
}
