/* SPDX-License-Identifier: MIT */
/* child.c - forks, lets the child die, and reads from a shared page what it noted while dying. */
#include "child.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "demo.h"

struct note {
    volatile int filled, code;
    volatile unsigned long address;
};

static struct note *note;

void *child_shared_page(void)
{
    void *page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return page == MAP_FAILED ? NULL : page;
}

static void note_signal(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    note->code = info->si_code;
    note->address = (unsigned long)(uintptr_t)info->si_addr;
    note->filled = 1;
}

/* SA_RESETHAND: the second time, when the instruction runs again, the default action ends the process. */
static void catch_once(void)
{
    static const int caught[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_sigaction = note_signal;
    action.sa_flags = SA_SIGINFO | SA_RESETHAND | SA_NODEFER;
    for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
        sigaction(caught[i], &action, NULL);
}

void child_try(void (*act)(void *), void *argument, struct verdict *verdict)
{
    pid_t child;
    int status = 0;

    memset(verdict, 0, sizeof(*verdict));
    note = child_shared_page();
    fflush(stdout);
    child = fork();
    if (child == 0) {
        if (note)
            catch_once();
        act(argument);
        fflush(stdout);
        _exit(0);
    }
    verdict->started = child > 0 && waitpid(child, &status, 0) == child;
    if (WIFSIGNALED(status))
        verdict->signal = WTERMSIG(status);
    else
        verdict->exit_status = WEXITSTATUS(status);
    if (note && note->filled) {
        verdict->detailed = true;
        verdict->code = note->code;
        verdict->address = note->address;
    }
    if (note)
        munmap(note, PAGE_SIZE);
}

static const struct {
    int number;
    const char *name, *words;
} signals[] = {
    {SIGSEGV, "SIGSEGV", "Segmentation fault"},
    {SIGBUS, "SIGBUS", "Bus error"},
    {SIGILL, "SIGILL", "Illegal instruction"},
    {SIGFPE, "SIGFPE", "Floating point exception"},
    {SIGTRAP, "SIGTRAP", "Trace/breakpoint trap"},
    {SIGABRT, "SIGABRT", "Aborted"},
    {SIGKILL, "SIGKILL", "Killed"},
    {SIGTERM, "SIGTERM", "Terminated"},
};

static const struct {
    int number, code;
    const char *name;
} codes[] = {
    {SIGSEGV, SEGV_MAPERR, "SEGV_MAPERR"}, {SIGSEGV, SEGV_ACCERR, "SEGV_ACCERR"},
    {SIGBUS, BUS_ADRERR, "BUS_ADRERR"},    {SIGFPE, FPE_INTDIV, "FPE_INTDIV"},
    {SIGILL, ILL_ILLOPN, "ILL_ILLOPN"},
};

const char *signal_name(int number)
{
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        if (signals[i].number == number)
            return signals[i].name;
    }
    return "signal";
}

const char *signal_words(int number)
{
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        if (signals[i].number == number)
            return signals[i].words;
    }
    return "ended by a signal";
}

const char *signal_code_name(int number, int code)
{
    if (code == SI_KERNEL)
        return "SI_KERNEL";
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (codes[i].number == number && codes[i].code == code)
            return codes[i].name;
    }
    return "-";
}

const char *verdict_text(const struct verdict *verdict)
{
    static char text[64];

    if (!verdict->started)
        return "no child: fork failed";
    if (!verdict->signal)
        snprintf(text, sizeof(text), "ended by itself, status %d", verdict->exit_status);
    else if (verdict->detailed)
        snprintf(text, sizeof(text), "%s, %s", signal_name(verdict->signal),
                 signal_code_name(verdict->signal, verdict->code));
    else
        snprintf(text, sizeof(text), "%s", signal_name(verdict->signal));
    return text;
}
