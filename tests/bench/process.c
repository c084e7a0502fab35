/* SPDX-License-Identifier: MIT */
/* process.c - the paths of processes, signals and files. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "bench.h"

#define TINY "/tiny" /* tiny.asm: the smallest program that is one */

static bool null_call(void)
{
    for (int round = 0; round < 101; round++) {
        bench_begin();
        bench_call(SYS_getppid, 0, 0, 0, 0);
        bench_end(1);
    }
    return true;
}

static bool fork_with(size_t size, int rounds)
{
    char *memory = bench_map(size, PROT_READ | PROT_WRITE);

    if (!memory)
        return false;
    bench_touch(memory, size);
    for (int round = 0; round < rounds; round++) {
        bench_begin();
        int child = bench_fork();

        if (child == 0)
            bench_exit(0);
        bench_wait(child);
        bench_end(1);
        if (child < 0)
            return false;
    }
    return true;
}

static bool fork_small(void)
{
    return fork_with(MIB, 31);
}

static bool fork_big(void)
{
    return fork_with(64 * MIB, 5);
}

static bool fork_exec(void)
{
    static char *argv[] = {TINY, NULL}, *environment[] = {NULL};

    if (access(TINY, X_OK) != 0)
        return false;
    for (int round = 0; round < 31; round++) {
        bench_begin();
        int child = bench_fork();

        if (child == 0) {
            bench_call(SYS_execve, (long)TINY, (long)argv, (long)environment, 0);
            bench_exit(1);
        }
        bench_wait(child);
        bench_end(1);
        if (child < 0)
            return false;
    }
    return true;
}

/* Goes on behind the instruction that trapped, which is 3 bytes long. */
static void step_over(int number, siginfo_t *info, void *context)
{
    ucontext_t *user = context;

    (void)number, (void)info;
    user->uc_mcontext.gregs[REG_RIP] += 3;
}

static bool segv_handler(void)
{
    struct sigaction action = {.sa_sigaction = step_over, .sa_flags = SA_SIGINFO};
    char *memory = bench_map(PAGE, PROT_NONE);

    if (!memory || sigaction(SIGSEGV, &action, NULL) != 0)
        return false;
    for (int round = 0; round < 101; round++) {
        bench_begin();
        __asm__ volatile(".byte 0xc6, 0x00, 0x00" ::"a"(memory) : "memory"); /* movb $0, (%rax) */
        bench_end(1);
    }
    return true;
}

static bool dup_close(void)
{
    for (int round = 0; round < 101; round++) {
        bench_begin();
        long fd = bench_call(SYS_dup, 0, 0, 0, 0);
        bench_call(SYS_close, fd, 0, 0, 0);
        bench_end(1);
        if (fd < 0)
            return false;
    }
    return true;
}

static bool open_close(void)
{
    for (int round = 0; round < 101; round++) {
        bench_begin();
        long fd = bench_call(SYS_open, (long)TINY, O_RDONLY, 0, 0);
        bench_call(SYS_close, fd, 0, 0, 0);
        bench_end(1);
        if (fd < 0)
            return false;
    }
    return true;
}

static bool read_page(void)
{
    static char buffer[PAGE];
    long fd = bench_call(SYS_open, (long)"/init", O_RDONLY, 0, 0);

    if (fd < 0)
        return false;
    for (int round = 0; round < 101; round++) {
        bench_begin();
        long got = bench_call(SYS_pread64, fd, (long)buffer, PAGE, 0);
        bench_end(1);
        if (got != (long)PAGE)
            return false;
    }
    return true;
}

const struct path process_paths[] = {
    {"null system call (getppid)", null_call},
    {"fork + exit + wait, 64 MiB touched", fork_big},
    {"fork + exit + wait, 1 MiB touched", fork_small},
    {"fork + execve + wait, tiny program", fork_exec},
    {"SIGSEGV to a handler and back", segv_handler},
    {"dup + close", dup_close},
    {"open + close", open_close},
    {"pread of 4 KiB", read_page},
    {0},
};
