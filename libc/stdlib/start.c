/* SPDX-License-Identifier: MIT */
/* start.c - from the raw stack of a new program to main, and from its return to exit.
 *
 * Static programs only: there is nothing to relocate. The order is the ABI's: thread pointer (libc/thread/tls.c),
 * .preinit_array, .init_array, main, exit (libc/stdlib/exit.c), which runs .fini_array. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "../sys/watch.h"
#include "../thread/tls.h"
#include "start.h"

int main(int argc, char **argv, char **envp);

typedef void (*initializer)(int, char **, char **);

/* The linker's own names for the ends of the two tables. */
extern const initializer __preinit_array_start[] __attribute__((weak, visibility("hidden")));
extern const initializer __preinit_array_end[] __attribute__((weak, visibility("hidden")));
extern const initializer __init_array_start[] __attribute__((weak, visibility("hidden")));
extern const initializer __init_array_end[] __attribute__((weak, visibility("hidden")));

char **environ;
char *program_invocation_name = "";
char *program_invocation_short_name = "";

static const unsigned long *auxiliary_vector;

static void run_initializers(const initializer *first, const initializer *end, int argc, char **argv)
{
    for (; first < end; first++)
        (*first)(argc, argv, environ);
}

void __libc_start(long *stack)
{
    int argc = (int)stack[0];
    char **argv = (char **)(stack + 1);

    environ = argv + argc + 1;
    char **after_environment = environ;
    while (*after_environment != NULL)
        after_environment++;
    auxiliary_vector = (const unsigned long *)(after_environment + 1);

    if (argc > 0) {
        program_invocation_name = argv[0];
        program_invocation_short_name = basename(argv[0]);
    }

    if (!tls_start())
        _exit(127);
    trace_start();
    run_initializers(__preinit_array_start, __preinit_array_end, argc, argv);
    run_initializers(__init_array_start, __init_array_end, argc, argv);
    exit(main(argc, argv, environ));
}

unsigned long getauxval(unsigned long type)
{
    for (const unsigned long *entry = auxiliary_vector; entry[0] != AT_NULL; entry += 2)
        if (entry[0] == type)
            return entry[1];
    errno = ENOENT;
    return 0;
}
