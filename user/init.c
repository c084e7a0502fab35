/* SPDX-License-Identifier: MIT */
/* init.c - process 1: starts what the machine was booted for, waits for it, and ends with its status.
 *
 *   /run/guest.argv is there   run that one program as scripts/guest wants it, end with its status
 *   the word "tour"            run /bin/tour, end with its status
 *   otherwise                  run /bin/sh on the console, again if it dies, until it exits or somebody says poweroff
 *
 * The kernel powers the machine off when process 1 ends, so init's exit status is the machine's. Orphans
 * become its children; it reaps them while it waits. It stays tiny: no malloc, and what a program needs (its
 * arguments, its environment) is read in the child, after the fork. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define GUEST_ARGV "/run/guest.argv"
#define GUEST_EXE "/run/guest.exe"
#define GUEST_ENV "/run/guest.env"
#define GUEST_CWD "/run/guest.cwd"
#define GUEST_STDIO "/run/guest.stdio"

#define CONSOLE "/dev/console"
#define NOT_FOUND 127  /* what shells answer when there is no such program */
#define CANNOT_RUN 126 /* ... and when there is one that cannot be run */

static char nothing[] = "";

static void say(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));

    (void)written;
}

/* Opens `path` as file descriptor `fd`. What was open there is closed. */
static bool open_as(int fd, const char *path, int flags)
{
    int opened = open(path, flags);

    if (opened < 0)
        return false;
    if (opened == fd)
        return true;
    if (dup2(opened, fd) < 0)
        return false;
    close(opened);
    return true;
}

static void open_console(void)
{
    for (int fd = 0; fd < 3; fd++)
        open_as(fd, CONSOLE, O_RDWR);
}

/* A session of its own with the terminal's keys: Ctrl-C is for the program, not for init. Where the terminal
 * knows no sessions the calls fail, and nothing is lost. */
static void take_terminal(void)
{
    setsid();
    ioctl(STDIN_FILENO, TIOCSCTTY, 0);
    tcsetpgrp(STDIN_FILENO, getpid());
}

/* Reads a whole file into memory that lives until exec, with a NUL byte behind its end.
 * => NULL when there is no such file; *size is its length */
static char *read_file(const char *path, size_t *size)
{
    struct stat stat_of_file;
    char *text;
    size_t have = 0;
    int fd = open(path, O_RDONLY);

    if (fd < 0)
        return NULL;
    if (fstat(fd, &stat_of_file) != 0) {
        close(fd);
        return NULL;
    }
    text = mmap(NULL, (size_t)stat_of_file.st_size + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                -1, 0);
    if (text == MAP_FAILED) {
        close(fd);
        return NULL;
    }
    while (have < (size_t)stat_of_file.st_size) {
        ssize_t got = read(fd, text + have, (size_t)stat_of_file.st_size - have);

        if (got <= 0)
            break;
        have += (size_t)got;
    }
    close(fd);
    *size = have;
    return text;
}

/* A file of strings, each ended by a NUL byte, as the vector that execve takes. An absent file is an empty
 * vector. => NULL when memory is short */
static char **read_vector(const char *path)
{
    size_t size = 0, count = 0;
    char *text = read_file(path, &size);
    char **vector;

    for (size_t at = 0; at < size; at++)
        count += text[at] == '\0';
    if (size > 0 && text[size - 1] != '\0')
        count++;
    vector =
        mmap(NULL, (count + 1) * sizeof(char *), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (vector == MAP_FAILED)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        vector[i] = text;
        text += strlen(text) + 1;
    }
    return vector;
}

/* "tty pipe pipe\n": one word for each of the descriptors 0, 1, 2. A missing word means the terminal. */
static bool open_guest_stdio(void)
{
    static const char *const pipe_device[] = {"/dev/hostin", "/dev/hostout", "/dev/hosterr"};
    static const int pipe_flags[] = {O_RDONLY, O_WRONLY, O_WRONLY};
    size_t size = 0;
    const char *words = read_file(GUEST_STDIO, &size);
    bool opened = true;

    if (!words)
        words = nothing;
    for (int fd = 0; fd < 3; fd++) {
        words += strspn(words, " \t\n");
        if (strncmp(words, "pipe", 4) == 0)
            opened &= open_as(fd, pipe_device[fd], pipe_flags[fd]);
        else
            opened &= open_as(fd, CONSOLE, O_RDWR);
        words += strcspn(words, " \t\n");
    }
    return opened;
}

/* Says why exec failed, as a shell would. => the status to exit with */
static int explain_exec(const char *name, int error)
{
    say(name);
    if (error == ENOENT || error == ENOTDIR) {
        say(": not found\n");
        return NOT_FOUND;
    }
    say(error == EACCES ? ": Permission denied\n" : ": cannot execute: ");
    if (error != EACCES) {
        say(strerror(error));
        say("\n");
    }
    return CANNOT_RUN;
}

/* The child of run_guest: never returns. */
static void exec_guest(void)
{
    size_t size;
    bool have_stdio = open_guest_stdio();
    char **argv = read_vector(GUEST_ARGV);
    char **environment = read_vector(GUEST_ENV);
    char *exe = read_file(GUEST_EXE, &size);
    char *cwd = read_file(GUEST_CWD, &size);

    if (isatty(STDIN_FILENO))
        take_terminal();
    if (!have_stdio || !argv || !argv[0] || !environment) {
        say("init: /run/guest.* cannot be used\n");
        _exit(CANNOT_RUN);
    }
    if (cwd) {
        cwd[strcspn(cwd, "\n")] = '\0';
        if (cwd[0] && chdir(cwd) != 0) {
            say("init: no directory ");
            say(cwd);
            say("\n");
            _exit(CANNOT_RUN);
        }
    }
    if (exe)
        exe[strcspn(exe, "\n")] = '\0';
    else
        exe = argv[0];
    execve(exe, argv, environment);
    _exit(explain_exec(argv[0], errno));
}

static void exec_on_console(const char *path, char *const argv[], char *const environment[])
{
    take_terminal();
    execve(path, argv, environment);
    _exit(explain_exec(path, errno));
}

/* Reaps whatever ends until `child` does. => its wait status */
static int wait_for(pid_t child)
{
    int status;

    for (;;) {
        pid_t ended = waitpid(-1, &status, 0);

        if (ended == child)
            return status;
        if (ended < 0 && errno != EINTR)
            return CANNOT_RUN << 8;
    }
}

static int exit_status_of(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int run_guest(void)
{
    pid_t child = fork();

    if (child == 0)
        exec_guest();
    return child < 0 ? CANNOT_RUN : exit_status_of(wait_for(child));
}

static int run_tour(char *const environment[])
{
    static char name[] = "tour";
    char *argv[] = {name, NULL};
    pid_t child = fork();

    if (child == 0)
        exec_on_console("/bin/tour", argv, environment);
    return child < 0 ? CANNOT_RUN : exit_status_of(wait_for(child));
}

static void print_banner(void)
{
    say("\nFaultline: a small system that shows where malloc's memory comes from.\n"
        "  tour   walks the whole way: malloc, brk or mmap, page fault, frame\n"
        "  help   lists the experiments\n"
        "  exit   powers off;  Ctrl-A X leaves QEMU at any time\n"
        "  malloc 的内存从哪里来？输入 tour 看全过程，help 列出实验，exit 关机，Ctrl-A X 退出 QEMU；\n"
        "  先输入 export LANG=zh，程序出错时就用中文解释。\n\n");
}

/* vi, less and top are to fill the window. Where nobody answers, the kernel's own idea of it stays. */
static void find_window(char *const environment[])
{
    static char name[] = "resize";
    char *argv[] = {name, NULL};
    pid_t child = fork();

    if (child == 0)
        exec_on_console("/bin/resize", argv, environment);
    if (child > 0)
        wait_for(child);
}

static void power_off(int asked)
{
    (void)asked;
    _exit(0);
}

/* What BusyBox's halt, poweroff and reboot send to process 1. */
static void obey_poweroff(void)
{
    static const int asked[] = {SIGUSR1, SIGUSR2, SIGTERM};

    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
        signal(asked[i], power_off);
}

/* A shell that ends by a signal is started again; one that cannot be started ends the machine. */
static int run_shell(char *const environment[])
{
    static char name[] = "sh";
    char *argv[] = {name, NULL};

    obey_poweroff();
    find_window(environment);
    print_banner();
    for (;;) {
        pid_t child = fork();
        int status;

        if (child == 0)
            exec_on_console("/bin/sh", argv, environment);
        if (child < 0)
            return CANNOT_RUN;
        status = wait_for(child);
        if (WIFEXITED(status))
            return WEXITSTATUS(status) >= CANNOT_RUN ? WEXITSTATUS(status) : 0;
        say("init: the shell has died; here is a new one\n");
    }
}

/* What the kernel command line set (TERM=xterm) goes on to the programs; PATH, HOME and ENV are always ours. ENV names what
 * an interactive shell reads first (POSIX, sh). */
static char **console_environment(char **from_kernel)
{
    static char path[] = "PATH=/bin", home[] = "HOME=/", shell[] = "ENV=/etc/shrc", terminal[] = "TERM=vt100";
    static char *environment[32] = {path, home, shell};
    size_t count = 3;
    bool have_terminal = false;

    for (; *from_kernel && count < sizeof(environment) / sizeof(environment[0]) - 2; from_kernel++) {
        if (strncmp(*from_kernel, "PATH=", 5) == 0 || strncmp(*from_kernel, "HOME=", 5) == 0 ||
            strncmp(*from_kernel, "ENV=", 4) == 0)
            continue;
        have_terminal |= strncmp(*from_kernel, "TERM=", 5) == 0;
        environment[count++] = *from_kernel;
    }
    if (!have_terminal)
        environment[count++] = terminal;
    environment[count] = NULL;
    return environment;
}

static bool wants_tour(char **words)
{
    for (; *words; words++) {
        if (strcmp(*words, "tour") == 0)
            return true;
    }
    return false;
}

int main(int argc, char **argv, char **environment)
{
    if (access(GUEST_ARGV, F_OK) == 0)
        return run_guest();
    open_console();
    environment = console_environment(environment);
    if (argc > 1 && wants_tour(argv + 1))
        return run_tour(environment);
    return run_shell(environment);
}
