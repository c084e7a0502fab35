/* SPDX-License-Identifier: MIT */
/* abort.c - ending by SIGABRT, whatever the program did to that signal; and assert, which ends that way. */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* First with the program's own handler, which may leave by longjmp; then with the default action. */
void abort(void)
{
    sigset_t set;
    struct sigaction action = {.sa_handler = SIG_DFL};

    sigemptyset(&set);
    sigaddset(&set, SIGABRT);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(SIGABRT);

    sigaction(SIGABRT, &action, NULL);
    raise(SIGABRT);
    for (;;)
        __asm__ volatile("hlt"); /* refused in ring 3: dies by SIGSEGV where signals cannot be raised */
}

void __assert_fail(const char *expression, const char *file, unsigned int line, const char *function)
{
    fflush(NULL);
    dprintf(STDERR_FILENO, "%s: %s:%u: %s: Assertion `%s' failed.\n", program_invocation_short_name, file,
            line, function, expression);
    abort();
}
