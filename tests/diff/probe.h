/* SPDX-License-Identifier: MIT */
/* probe.h - how a probe speaks: facts in a normal form, a line each, and no opinion.
 *
 * A probe is an ordinary program. `make diff` runs it on Linux and on Faultline and compares the lines; what they should
 * say is what Linux says. Addresses are given relative to something that the line names. */
#pragma once

#include "../guest/check.h"

#include <sys/mman.h>
#include <sys/resource.h>

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)

/* The outcome of a call: its errno's name, or that it succeeded. => the result */
__attribute__((unused)) static long outcome(const char *what, long result)
{
    say("%s: %s", what, result == -1 ? error_name(errno) : "succeeded");
    errno = 0;
    return result;
}

#define OUTCOME(call) outcome(#call, (long)(call))

__attribute__((unused)) static long minor_faults(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
}

/* `pages` pages of anonymous memory with an inaccessible page on each side, so that it is a region of its own. */
__attribute__((unused)) static char *island(size_t pages)
{
    char *guard = mmap(NULL, (pages + 2) * PAGE, PROT_NONE, ANON, -1, 0);

    if (guard == MAP_FAILED || mprotect(guard + PAGE, pages * PAGE, RW) != 0)
        _exit(97);
    return guard + PAGE;
}

/* A new file of `size` bytes without a name, filled with a pattern. => its descriptor */
__attribute__((unused)) static int scratch_file(size_t size)
{
    char name[] = "/tmp/probe.XXXXXX";
    int file = mkstemp(name);

    if (file < 0)
        _exit(96);
    unlink(name);
    for (size_t at = 0; at < size; at++)
        if (write(file, "x", 1) != 1)
            _exit(95);
    return file;
}
