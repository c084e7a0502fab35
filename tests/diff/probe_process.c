/* SPDX-License-Identifier: MIT */
/* probe_process.c - how processes end and what their parents hear of it; what fork and execve keep; what /proc/self/status says. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

#include "probe.h"

static volatile siginfo_t heard;
static volatile int heard_count;

static void child_signal(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    heard.si_code = info->si_code;
    heard.si_status = info->si_status;
    heard.si_pid = info->si_pid;
    heard_count++;
}

static void ways_to_end(void)
{
    static const int signals[] = {SIGHUP,  SIGINT,  SIGQUIT,  SIGILL,  SIGTRAP, SIGABRT, SIGBUS,
                                  SIGFPE,  SIGKILL, SIGUSR1,  SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM,
                                  SIGTERM, 16,      SIGCHLD,  SIGCONT, SIGURG,  SIGXCPU, SIGXFSZ,
                                  SIGPROF, SIGIO,   SIGWINCH, SIGPWR,  SIGSYS,  34,      64};
    struct sigaction action = {.sa_sigaction = child_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    int status = 0;

    sigaction(SIGCHLD, &action, NULL);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        heard_count = 0;
        pid_t child = fork();
        if (child == 0) {
            signal(SIGCHLD, SIG_DFL);
            raise(signals[i]);
            _exit(300 + signals[i]);
        }
        pid_t got = waitpid(child, &status, 0);
        say("signal %d: waited %s, status %#x, heard %d: code %d, status %d, its pid %d", signals[i],
            got == child ? "for it" : "in vain", status & ~0x80, heard_count, heard.si_code, heard.si_status,
            heard.si_pid == child);
    }
    signal(SIGCHLD, SIG_DFL);
}

static void stopping(void)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        raise(SIGSTOP);
        pause(); /* so that it has not ended when the parent asks whether it was continued */
        _exit(7);
    }
    say("stopped: %d, status %#x", waitpid(child, &status, WUNTRACED) == child, status);
    say("WNOHANG while it is stopped: %d", waitpid(child, &status, WNOHANG));
    kill(child, SIGCONT);
    say("continued: %d, status %#x", waitpid(child, &status, WCONTINUED) == child, status);
    kill(child, SIGTERM);
    say("ended: %d, status %#x", waitpid(child, &status, 0) == child, status);
    say("again: %s", waitpid(child, &status, 0) < 0 ? error_name(errno) : "succeeded");
}

static void ignored_children(void)
{
    int status;

    signal(SIGCHLD, SIG_IGN);
    if (fork() == 0)
        _exit(1);
    say("SIGCHLD ignored, wait: %s", wait(&status) < 0 ? error_name(errno) : "a child");
    signal(SIGCHLD, SIG_DFL);
}

/* Prints some lines of a /proc file. */
static void lines_of(const char *path, const char *const *wanted)
{
    static char text[1 << 14];
    int file = open(path, O_RDONLY);
    ssize_t size = file < 0 ? 0 : read(file, text, sizeof(text) - 1);

    text[size < 0 ? 0 : size] = '\0';
    close(file);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        for (const char *const *name = wanted; *name; name++)
            if (strncmp(line, *name, strlen(*name)) == 0)
                say("    %s", line);
}

static void status_lines(const char *what)
{
    static const char *const names[] = {
        "Name:",   "Umask:",  "State:", "Uid:",    "Gid:",   "Threads:", "SigPnd:", "ShdPnd:", "SigBlk:",
        "SigIgn:", "SigCgt:", "VmLck:", "VmData:", "VmStk:", "VmExe:",   "VmPTE:",  "VmSwap:", NULL};
    say("status %s", what);
    lines_of("/proc/self/status", names);
}

static void what_is_kept(char **argv)
{
    sigset_t set;
    char *again[] = {argv[0], "again", NULL}, *environment[] = {"A=1", NULL};
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC);

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGUSR1);
    signal(SIGUSR2, SIG_IGN);
    signal(SIGTERM, (void (*)(int))(uintptr_t)child_signal);
    umask(027);
    dup2(file, 50);
    fcntl(60 + 0 * dup2(file, 60), F_SETFD, FD_CLOEXEC);
    status_lines("before fork");
    if (fork() == 0) {
        status_lines("in the child");
        execve(argv[0], again, environment);
        _exit(9);
    }
    wait(NULL);
}

static void after_exec(void)
{
    status_lines("after execve");
    say("descriptor 50: %d", fcntl(50, F_GETFD));
    say("descriptor 60: %d", fcntl(60, F_GETFD));
    say("the break did not move: %d", syscall(SYS_brk, 0) == syscall(SYS_brk, 1));
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        after_exec();
        return 0;
    }
    ways_to_end();
    stopping();
    ignored_children();
    what_is_kept(argv);
    return 0;
}
