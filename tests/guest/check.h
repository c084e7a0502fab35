/* SPDX-License-Identifier: MIT */
/* check.h - how a guest test speaks. Such a test is an ordinary program; it runs on Linux first, then in the guest, and
 * the two outputs are compared. So it prints what it saw, not only whether that was right: a line for each fact.
 *
 * Nothing here uses stdio's buffers or malloc, because tests of brk and of residency would see those move. */
#pragma once

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL

static int check_failures;

__attribute__((format(printf, 1, 2), unused)) static void say(const char *format, ...)
{
    static char line[512];
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(line, sizeof(line) - 1, format, arguments);
    va_end(arguments);
    if (length > (int)sizeof(line) - 2)
        length = sizeof(line) - 2;
    line[length] = '\n';
    if (write(STDOUT_FILENO, line, (size_t)length + 1) != length + 1)
        _exit(99);
}

__attribute__((unused)) static const char *error_name(long error)
{
    static const struct {
        int number;
        const char *name;
    } names[] = {
        {EPERM, "EPERM"},
        {ENOENT, "ENOENT"},
        {ESRCH, "ESRCH"},
        {EINTR, "EINTR"},
        {EIO, "EIO"},
        {E2BIG, "E2BIG"},
        {ENOEXEC, "ENOEXEC"},
        {EBADF, "EBADF"},
        {ECHILD, "ECHILD"},
        {EAGAIN, "EAGAIN"},
        {ENOMEM, "ENOMEM"},
        {EACCES, "EACCES"},
        {EFAULT, "EFAULT"},
        {EEXIST, "EEXIST"},
        {ENODEV, "ENODEV"},
        {ENOTDIR, "ENOTDIR"},
        {EISDIR, "EISDIR"},
        {EINVAL, "EINVAL"},
        {EMFILE, "EMFILE"},
        {ENOTTY, "ENOTTY"},
        {EFBIG, "EFBIG"},
        {ESPIPE, "ESPIPE"},
        {EROFS, "EROFS"},
        {EPIPE, "EPIPE"},
        {ERANGE, "ERANGE"},
        {ENOSYS, "ENOSYS"},
        {ENAMETOOLONG, "ENAMETOOLONG"},
        {ENOTEMPTY, "ENOTEMPTY"},
        {ELOOP, "ELOOP"},
        {EOVERFLOW, "EOVERFLOW"},
        {ETXTBSY, "ETXTBSY"},
        {ENXIO, "ENXIO"},
        {EDEADLK, "EDEADLK"},
        {EBUSY, "EBUSY"},
        {EXDEV, "EXDEV"},
        {ETIMEDOUT, "ETIMEDOUT"},
        {EOPNOTSUPP, "EOPNOTSUPP"},
        {ENOSPC, "ENOSPC"},
        {EMLINK, "EMLINK"},
        {EDOM, "EDOM"},
        {ENOTSOCK, "ENOTSOCK"},
        {EMSGSIZE, "EMSGSIZE"},
        {EPROTOTYPE, "EPROTOTYPE"},
        {ENOPROTOOPT, "ENOPROTOOPT"},
        {EPROTONOSUPPORT, "EPROTONOSUPPORT"},
        {ESOCKTNOSUPPORT, "ESOCKTNOSUPPORT"},
        {EAFNOSUPPORT, "EAFNOSUPPORT"},
        {EADDRINUSE, "EADDRINUSE"},
        {ECONNABORTED, "ECONNABORTED"},
        {ECONNRESET, "ECONNRESET"},
        {EISCONN, "EISCONN"},
        {ENOTCONN, "ENOTCONN"},
        {ETOOMANYREFS, "ETOOMANYREFS"},
        {ECONNREFUSED, "ECONNREFUSED"},
    };
    static char number[16];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].number == error)
            return names[i].name;
    snprintf(number, sizeof(number), "%ld", error);
    return number;
}

/* A call that must fail with `error`. Anything from -4095 on is an error of a raw call; -1 is one of a libc call. */
__attribute__((unused)) static void expect_error(const char *what, long result, int error)
{
    long got = result == -1 ? errno : 0;

    say("%s: %s", what, got ? error_name(got) : "succeeded");
    if (got != error) {
        say("    expected %s", error_name(error));
        check_failures++;
    }
}

__attribute__((unused)) static void expect(const char *what, long got, long wanted)
{
    say("%s: %ld", what, got);
    if (got != wanted) {
        say("    expected %ld", wanted);
        check_failures++;
    }
}

/* Runs body(argument) in a child. => its wait status */
__attribute__((unused)) static int in_child(void (*body)(void *), void *argument)
{
    pid_t child = fork();
    int status = -1;

    if (child == 0) {
        body(argument);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return -1;
    return status;
}

/* A child that must be killed by `signal`, or end with status 0 when signal is 0. */
__attribute__((unused)) static void expect_signal(const char *what, void (*body)(void *), void *argument,
                                                  int signal)
{
    int status = in_child(body, argument);

    if (status != -1 && WIFSIGNALED(status))
        say("%s: signal %d", what, WTERMSIG(status));
    else
        say("%s: status %d", what, status == -1 ? -1 : WEXITSTATUS(status));
    if (status == -1 || (signal ? !WIFSIGNALED(status) || WTERMSIG(status) != signal : status != 0)) {
        say("    expected %s %d", signal ? "signal" : "status", signal);
        check_failures++;
    }
}

__attribute__((unused)) static void read_byte(void *address)
{
    (void)*(volatile char *)address;
}

__attribute__((unused)) static void write_byte(void *address)
{
    *(volatile char *)address = 1;
}

__attribute__((unused)) static int finish(void)
{
    say("%s", check_failures ? "FAILED" : "passed");
    return check_failures != 0;
}
