/* SPDX-License-Identifier: MIT */
/* signaltext.c - what a signal means, in the words that a shell prints. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define SIGNALS(X)                                                                                           \
    X(SIGHUP, "Hangup")                                                                                      \
    X(SIGINT, "Interrupt")                                                                                   \
    X(SIGQUIT, "Quit")                                                                                       \
    X(SIGILL, "Illegal instruction")                                                                         \
    X(SIGTRAP, "Trace/breakpoint trap")                                                                      \
    X(SIGABRT, "Aborted")                                                                                    \
    X(SIGBUS, "Bus error")                                                                                   \
    X(SIGFPE, "Floating point exception")                                                                    \
    X(SIGKILL, "Killed")                                                                                     \
    X(SIGUSR1, "User defined signal 1")                                                                      \
    X(SIGSEGV, "Segmentation fault")                                                                         \
    X(SIGUSR2, "User defined signal 2")                                                                      \
    X(SIGPIPE, "Broken pipe")                                                                                \
    X(SIGALRM, "Alarm clock")                                                                                \
    X(SIGTERM, "Terminated")                                                                                 \
    X(SIGSTKFLT, "Stack fault")                                                                              \
    X(SIGCHLD, "Child exited")                                                                               \
    X(SIGCONT, "Continued")                                                                                  \
    X(SIGSTOP, "Stopped (signal)")                                                                           \
    X(SIGTSTP, "Stopped")                                                                                    \
    X(SIGTTIN, "Stopped (tty input)")                                                                        \
    X(SIGTTOU, "Stopped (tty output)")                                                                       \
    X(SIGURG, "Urgent I/O condition")                                                                        \
    X(SIGXCPU, "CPU time limit exceeded")                                                                    \
    X(SIGXFSZ, "File size limit exceeded")                                                                   \
    X(SIGVTALRM, "Virtual timer expired")                                                                    \
    X(SIGPROF, "Profiling timer expired")                                                                    \
    X(SIGWINCH, "Window changed")                                                                            \
    X(SIGPOLL, "I/O possible")                                                                               \
    X(SIGPWR, "Power failure")                                                                               \
    X(SIGSYS, "Bad system call")

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TEXT(number, text) [number] = text,
#define NAME(number, text) [number] = #number,

static const char *const texts[] = {SIGNALS(TEXT)};
static const char *const names[] = {SIGNALS(NAME)};

static int is_named(int number)
{
    return number > 0 && (size_t)number < COUNT(texts);
}

/* A signal without a text is named in a buffer of this function's own. */
char *strsignal(int number)
{
    static char other[32];

    if (is_named(number))
        return (char *)texts[number];
    if (number >= SIGRTMIN && number <= SIGRTMAX)
        snprintf(other, sizeof(other), "Real-time signal %d", number - SIGRTMIN);
    else
        snprintf(other, sizeof(other), "Unknown signal %d", number);
    return other;
}

/* The name without SIG. */
const char *sigabbrev_np(int number)
{
    return is_named(number) ? names[number] + 3 : NULL;
}

void psignal(int number, const char *text)
{
    if (text != NULL && *text != '\0')
        fprintf(stderr, "%s: %s\n", text, strsignal(number));
    else
        fprintf(stderr, "%s\n", strsignal(number));
}
