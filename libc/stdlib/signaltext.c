/* SPDX-License-Identifier: MIT */
/* signaltext.c - what a signal means, in the words that a shell prints. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SIGNAL(number, text) [number] = text,

static const char *const texts[] = {
#include "string/signals.def"
};

/* A signal without a text is named in a buffer of the thread's own. */
char *strsignal(int number)
{
    static _Thread_local char other[32];

    if (number > 0 && (size_t)number < COUNT(texts))
        return (char *)texts[number];
    if (number >= SIGRTMIN && number <= SIGRTMAX)
        snprintf(other, sizeof(other), "Real-time signal %d", number - SIGRTMIN);
    else
        snprintf(other, sizeof(other), "Unknown signal %d", number);
    return other;
}

void psignal(int number, const char *text)
{
    if (text != NULL && *text != '\0')
        fprintf(stderr, "%s: %s\n", text, strsignal(number));
    else
        fprintf(stderr, "%s\n", strsignal(number));
}

/* psignal says all that POSIX asks for; who sent it, and why, is not said. */
void psiginfo(const siginfo_t *info, const char *text)
{
    psignal(info->si_signo, text);
}
