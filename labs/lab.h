/* SPDX-License-Identifier: MIT */
/* lab.h - what the programs of the labs share. They run on Linux and here, and print what must be the same on both: counts, offsets,
 * names of errors; never an address. */
#pragma once

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
#define MANY(list) (sizeof(list) / sizeof((list)[0]))

/* A task of the program, chosen by its first argument; the second is its number. */
struct task {
    const char *name;
    void (*run)(unsigned long number);
};

static inline int lab_main(const struct task *tasks, size_t count, int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0); /* what was printed before a mishap is seen */
    for (size_t i = 0; argc > 1 && i < count; i++)
        if (strcmp(argv[1], tasks[i].name) == 0) {
            tasks[i].run(argc > 2 ? strtoul(argv[2], NULL, 0) : 0);
            return 0;
        }
    fprintf(stderr, "usage: %s", argv[0]);
    for (size_t i = 0; i < count; i++)
        fprintf(stderr, "%s %s", i ? " |" : "", tasks[i].name);
    fprintf(stderr, " [NUMBER]\n");
    return 2;
}

static inline void fail(const char *what)
{
    printf("%s: %s\n", what, strerror(errno));
    exit(1);
}

/* Fresh memory, private and anonymous, in pages of 4 KiB only. */
static inline unsigned char *pages_new(unsigned long count)
{
    unsigned char *p =
        mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (p == MAP_FAILED)
        fail("mmap");
    madvise(p, count * PAGE, MADV_NOHUGEPAGE);
    return p;
}

/* Minor faults of this process so far. The call itself takes none: its result was touched before. */
static inline long faults(void)
{
    static struct rusage usage;

    usage.ru_nvcsw = 1;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
}

/* The status of a child that has ended, or is about to, as a shell tells it. `child` is what fork returned. */
static inline int end_of(pid_t child)
{
    int status;

    if (child < 0 || waitpid(child, &status, 0) != child)
        fail("fork");
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* The number behind a field of a file of /proc, in kB; of smaps, of the region that begins at `region`. -1: there is none. */
static inline long proc_kb(const char *path, const void *region, const char *field)
{
    FILE *file = fopen(path, "r");
    char line[512], start[32];
    bool here = region == NULL;
    long kb = -1;

    if (!file)
        fail(path);
    snprintf(start, sizeof(start), "%lx-", (unsigned long)region);
    while (kb < 0 && fgets(line, sizeof(line), file)) {
        here = here || strncmp(line, start, strlen(start)) == 0;
        if (here && strncmp(line, field, strlen(field)) == 0)
            kb = strtol(line + strlen(field), NULL, 10);
    }
    fclose(file);
    return kb;
}

static inline long smaps_kb(const void *region, const char *field)
{
    return proc_kb("/proc/self/smaps", region, field);
}

static inline long status_kb(const char *field)
{
    return proc_kb("/proc/self/status", NULL, field);
}

/* ---- a touch that may be refused ---- */
static sigjmp_buf touch_back;
static siginfo_t touch_told;

static void touch_refused(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    touch_told = *info;
    siglongjmp(touch_back, 1);
}

static inline void touch_watch(void)
{
    struct sigaction action = {.sa_sigaction = touch_refused, .sa_flags = SA_SIGINFO | SA_ONSTACK};

    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
}

static inline const char *touch_name(void)
{
    static const struct {
        int signal, code;
        const char *name;
    } names[] = {
        {SIGSEGV, SEGV_MAPERR, "SIGSEGV, SEGV_MAPERR"},
        {SIGSEGV, SEGV_ACCERR, "SIGSEGV, SEGV_ACCERR"},
        {SIGBUS, BUS_ADRERR, "SIGBUS, BUS_ADRERR"},
    };

    for (size_t i = 0; i < MANY(names); i++)
        if (names[i].signal == touch_told.si_signo && names[i].code == touch_told.si_code)
            return names[i].name;
    return "another signal";
}

enum touch { READ, WRITE, EXECUTE };

/* Touches one byte and says what came of it; the address is told as its distance from `base`. */
static inline void touch(const char *what, enum touch how, volatile unsigned char *p,
                         const volatile void *base)
{
    if (sigsetjmp(touch_back, 1)) {
        long at = (long)((unsigned char *)touch_told.si_addr - (const volatile unsigned char *)base);

        printf("%s: %s at %+ld\n", what, touch_name(), at);
        return;
    }
    if (how == READ)
        printf("%s: reads %d\n", what, *p);
    else if (how == WRITE)
        *p = 1;
    else
        ((void (*)(void))(size_t)p)();
    if (how != READ)
        printf("%s: done\n", what);
}
