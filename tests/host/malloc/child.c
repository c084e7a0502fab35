/* SPDX-License-Identifier: MIT */
/* child.c - see child.h. */
#include "child.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "glue_host.h"

/* cmocka catches these and goes on with its next test: in the child it would run them all once more. */
static void die_by_signals(void)
{
    static const int signals[] = {SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS};

    for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
        signal(signals[i], SIG_DFL);
}

static void run_body(int error_output, void (*body)(void *argument), void *argument)
{
    die_by_signals();
    dup2(error_output, STDERR_FILENO);
    host_start(0);
    body(argument);
    _exit(0);
}

struct child_end child_run(void (*body)(void *argument), void *argument)
{
    struct child_end end = {.status = 0};
    size_t length = 0;
    ssize_t got;
    int ends[2];

    assert_int_equal(pipe(ends), 0);

    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0)
        run_body(ends[1], body, argument);
    close(ends[1]);
    while ((got = read(ends[0], end.text + length, CHILD_TEXT - 1 - length)) > 0)
        length += (size_t)got;
    close(ends[0]);
    assert_int_equal(waitpid(pid, &end.status, 0), pid);
    return end;
}

void child_passes(void (*body)(void *argument), void *argument)
{
    struct child_end end = child_run(body, argument);

    if (end.status != 0)
        fail_msg("%s\nSo it said, and ended with wait status 0x%x.", end.text, (unsigned)end.status);
}
