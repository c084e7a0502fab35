/* SPDX-License-Identifier: MIT */
/* errors.h - a table of calls with arguments on and over each boundary: what each answers is a line, and Linux is the judge of
 * all of them. A row is ROW(call, arguments...), made raw, so that no libc comes between.
 *
 * Each program errors_*.c covers the calls of one area: every entry of the ERRORS section of their man pages that a program can
 * bring about, and every flag. tests/system/test_syscalls.py counts who has rows. */
#pragma once

#include "check.h"

#include <fcntl.h>
#include <sys/mman.h>

#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define BAD ((void *)8)  /* a pointer to nothing */
#define NOBODY (1 << 22) /* no process has this number */
#define ROW(call, ...) row(#call, #__VA_ARGS__, syscall(SYS_##call, ##__VA_ARGS__))

static char *at; /* four pages between guards */
static unsigned rows, failed;

__attribute__((unused)) static long row(const char *call, const char *arguments, long result)
{
    rows++;
    failed += result == -1;
    say("%s(%s): %s", call, arguments, result == -1 ? error_name(errno) : "succeeded");
    errno = 0;
    return result;
}

/* `pages` pages of anonymous memory with an inaccessible page on each side, so that it is a region of its own. */
__attribute__((unused)) static char *island(size_t pages)
{
    char *guard = mmap(NULL, (pages + 2) * PAGE, PROT_NONE, ANON, -1, 0);

    if (guard == MAP_FAILED || mprotect(guard + PAGE, pages * PAGE, RW) != 0)
        _exit(97);
    return guard + PAGE;
}

/* A new file of `size` bytes without a name. => its descriptor */
__attribute__((unused)) static int scratch_file(long size)
{
    char name[] = "/tmp/errors.XXXXXX";
    int file = mkstemp(name);

    if (file < 0 || ftruncate(file, size) != 0)
        _exit(96);
    unlink(name);
    return file;
}

__attribute__((unused)) static int table_end(void)
{
    say("%u rows, %u of them refused", rows, failed);
    return finish();
}
