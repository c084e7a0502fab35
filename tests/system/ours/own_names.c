/* SPDX-License-Identifier: MIT */
/* own_names.c - a program may call a function of its own `write`, `basename` or `format_to`: C keeps only the names of its
 * standard, and those that begin with an underscore, for the library. So printf, malloc and their like must not call the
 * program's function for their own. Each function here ends the program with its line as status: none must be called. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC diagnostic ignored "-Wbuiltin-declaration-mismatch"

/* The linker's name is what counts; the headers above may have declared the other with parameters. */
#define MINE(name)                                                                                           \
    long mine_##name(void) __asm__(#name);                                                                   \
    long mine_##name(void)                                                                                   \
    {                                                                                                        \
        _Exit(__LINE__);                                                                                     \
    }

/* POSIX and Linux */
MINE(access)
MINE(basename)
MINE(brk)
MINE(close)
MINE(closedir)
MINE(dprintf)
MINE(dup2)
MINE(dup3)
MINE(execl)
MINE(execve)
MINE(fcntl)
MINE(fork)
MINE(fstat)
MINE(getauxval)
MINE(getline)
MINE(getpid)
MINE(getrandom)
MINE(getrlimit)
MINE(gettid)
MINE(getuid)
MINE(ioctl)
MINE(isatty)
MINE(kill)
MINE(localtime_r)
MINE(lseek)
MINE(madvise)
MINE(memrchr)
MINE(mkdir)
MINE(mmap)
MINE(mprotect)
MINE(mremap)
MINE(munmap)
MINE(open)
MINE(pipe2)
MINE(pread)
MINE(read)
MINE(readlink)
MINE(rmdir)
MINE(sbrk)
MINE(secure_getenv)
MINE(select)
MINE(sigaction)
MINE(sigaddset)
MINE(sigemptyset)
MINE(sigprocmask)
MINE(strdup)
MINE(strlcpy)
MINE(strncasecmp)
MINE(strnlen)
MINE(syscall)
MINE(sysinfo)
MINE(tcgetattr)
MINE(tgkill)
MINE(uname)
MINE(unlink)
MINE(waitpid)
MINE(write)

/* what a library might call its parts */
MINE(bignum_set)
MINE(format_floating)
MINE(format_to)
MINE(heap_check)
MINE(libc_start)
MINE(scan_from)
MINE(stream_begin_writing)
MINE(stream_flush_all)
MINE(stream_write)
MINE(syscall_result)
MINE(tls_start)
MINE(trace_start)
MINE(vdso_functions)

static void at_exit(void)
{
    printf("at exit\n");
}

static void on_signal(int number)
{
    printf("signal %d\n", number);
}

static void a_stream(void)
{
    FILE *file = tmpfile();
    char word[16];
    double number = 0;
    int whole = 0;

    if (!file)
        return;
    fprintf(file, "%s %.3f %d\n", "word", 2.5, 42);
    rewind(file);
    int count = fscanf(file, "%15s %lf %d", word, &number, &whole);
    printf("%d: %s %g %d\n", count, word, number, whole);
    printf("closed: %d\n", fclose(file));
}

static void memory(void)
{
    char *small = malloc(24), *large = malloc(300000);

    if (!small || !large)
        return;
    memset(small, 1, 24);
    memset(large, 2, 300000);
    large = realloc(large, 900000);
    printf("kept: %d\n", large && large[299999] == 2);
    free(large);
    for (size_t i = 0; i < 100; i++)
        free(malloc(100 * i * i));
    free(small);
}

int main(void)
{
    static const struct tm day = {.tm_year = 100, .tm_mon = 1, .tm_mday = 29};
    time_t when = 86400;
    jmp_buf place;
    char text[64];

    atexit(at_exit);
    a_stream();
    memory();
    printf("%a %Lg %s\n", strtod("0x1p-3", NULL), strtold("1e300", NULL), strerror(2));
    strftime(text, sizeof(text), "%A %d %B %Y", &day);
    printf("%s; %d\n", text, localtime(&when)->tm_year);
    if (!setjmp(place))
        longjmp(place, 1);
    signal(SIGTERM, on_signal);
    raise(SIGTERM);
    printf("%d %s\n", remove("/no/such/file"), getenv("no such variable") ? "set" : "unset");
    printf("%s", asctime(&day));
    printf("%d\n", system(NULL) != 0);
    return fflush(stdout);
}
