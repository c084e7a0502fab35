/* SPDX-License-Identifier: MIT */
/* sys_badptr.c - every system call that takes a pointer is given bad ones, and answers EFAULT.
 *
 * A bad pointer is: null; unmapped; read-only where the kernel must write; the kernel's own; non-canonical; and good in
 * its first bytes but running into an unmapped page. After each call the program is still there, which is the point. */
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>

#include "check.h"

static char *edge;      /* the last 4 bytes before an unmapped page */
static char *read_only; /* a page that cannot be written */
static int file;        /* of some length */
static int folder;

enum use { READS, WRITES }; /* what the kernel does with the memory */

struct call {
    const char *name;
    long number;
    int position; /* of the pointer among the arguments */
    enum use use;
    bool null_allowed;
    long arguments[6]; /* the pointer's own is put in */
    bool part_allowed; /* a buffer of which only the first bytes exist may be used so far */
};

static long try(const struct call *call, const void *pointer)
{
    long a[6];

    memset(edge, 'a', 4); /* a string without end, again: an earlier call may have written here */
    memcpy(a, call->arguments, sizeof(a));
    a[call->position] = (long)pointer;
    errno = 0;
    long result = syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
    return result == -1 ? errno : 0;
}

static void one(const struct call *call, const char *kind, const void *pointer)
{
    long error = try(call, pointer);

    if (error == EFAULT)
        return;
    say("%s, argument %d, %s: %s", call->name, call->position, kind, error ? error_name(error) : "succeeded");
    check_failures++;
}

static void all_kinds(const struct call *call)
{
    if (!call->null_allowed)
        one(call, "null", NULL);
    one(call, "unmapped", edge + 4 + PAGE);
    one(call, "the kernel's text", (void *)0xffffffff80100000);
    one(call, "the kernel's direct map", (void *)0xffff888000000000);
    one(call, "the first address above the user's", (void *)0x7ffffffff000);
    one(call, "non-canonical", (void *)0x8000000000000000);
    one(call, "the last address of all", (void *)-1L);
    if (!call->part_allowed)
        one(call, "running into an unmapped page", edge);
    if (call->use == WRITES)
        one(call, "read-only", read_only);
    say("%s, argument %d: done", call->name, call->position);
}

/* Strings: the four bytes before the edge hold no NUL. */
static void fill(void)
{
    char *area = mmap(NULL, 8 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    mprotect(area + PAGE, PAGE, PROT_READ | PROT_WRITE);
    memset(area + PAGE, 'a', PAGE);
    edge = area + 2 * PAGE - 4;
    read_only = area + 6 * PAGE;
    mprotect(read_only, PAGE, PROT_READ);
}

int main(int argc, char **argv)
{
    (void)argc;
    fill();
    file = open(argv[0], O_RDONLY);
    folder = open("/", O_RDONLY | O_DIRECTORY);
    if (file < 0 || folder < 0)
        return 97;

    const struct call calls[] = {
        {"read", SYS_read, 1, WRITES, false, {file, 0, 64}, true},
        {"pread64", SYS_pread64, 1, WRITES, false, {file, 0, 64, 0}, true},
        {"readv", SYS_readv, 1, READS, false, {file, 0, 1}},
        {"writev", SYS_writev, 1, READS, false, {STDOUT_FILENO, 0, 1}},
        {"open", SYS_open, 0, READS, false, {0, O_RDONLY}},
        {"openat", SYS_openat, 1, READS, false, {AT_FDCWD, 0, O_RDONLY}},
        {"fstat", SYS_fstat, 1, WRITES, false, {file}},
        {"stat, path", SYS_stat, 0, READS, false, {0, (long)fill}},
        {"stat, result", SYS_stat, 1, WRITES, false, {(long)"/"}},
        {"lstat, result", SYS_lstat, 1, WRITES, false, {(long)"/"}},
        {"newfstatat, path", SYS_newfstatat, 1, READS, false, {AT_FDCWD, 0, (long)fill, 0}},
        {"newfstatat, result", SYS_newfstatat, 2, WRITES, false, {AT_FDCWD, (long)"/", 0, 0}},
        {"getdents64", SYS_getdents64, 1, WRITES, false, {folder, 0, 512}},
        {"access", SYS_access, 0, READS, false, {0, R_OK}},
        {"chdir", SYS_chdir, 0, READS, false, {0}},
        {"readlink, path", SYS_readlink, 0, READS, false, {0, (long)argv, 8}},
        {"uname", SYS_uname, 0, WRITES, false, {0}},
        {"nanosleep", SYS_nanosleep, 0, READS, false, {0, 0}},
        {"clock_gettime", SYS_clock_gettime, 1, WRITES, false, {CLOCK_MONOTONIC}},
        {"gettimeofday", SYS_gettimeofday, 0, WRITES, true, {0, 0}},
        {"getrusage", SYS_getrusage, 1, WRITES, false, {0}},
        {"getrlimit", SYS_getrlimit, 1, WRITES, false, {3}},
        {"setrlimit", SYS_setrlimit, 1, READS, false, {3}},
        {"prlimit64, new", SYS_prlimit64, 2, READS, true, {0, 3, 0, 0}},
        {"prlimit64, old", SYS_prlimit64, 3, WRITES, true, {0, 3, 0, 0}},
        {"mincore", SYS_mincore, 2, WRITES, false, {(long)(edge + 4 - PAGE), PAGE}, true},
        {"execve, path", SYS_execve, 0, READS, false, {0, 0, 0}},
        {"execve, arguments", SYS_execve, 1, READS, true, {(long)argv[0], 0, 0}},
        {"execve, environment", SYS_execve, 2, READS, true, {(long)argv[0], (long)argv, 0}},
        {"rt_sigaction, new", SYS_rt_sigaction, 1, READS, true, {10, 0, 0, 8}},
        {"rt_sigaction, old", SYS_rt_sigaction, 2, WRITES, true, {10, 0, 0, 8}},
        {"rt_sigprocmask, new", SYS_rt_sigprocmask, 1, READS, true, {0, 0, 0, 8}},
        {"rt_sigprocmask, old", SYS_rt_sigprocmask, 2, WRITES, true, {0, 0, 0, 8}},
        {"arch_prctl, get", SYS_arch_prctl, 1, WRITES, false, {0x1003}},
        {"sysinfo", SYS_sysinfo, 0, WRITES, false, {0}},
        {"getrandom", SYS_getrandom, 0, WRITES, false, {0, 64, 0}, true},
    };
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        all_kinds(&calls[i]);
    return finish();
}
