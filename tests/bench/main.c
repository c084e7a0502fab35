/* SPDX-License-Identifier: MIT */
/* main.c - process 1 of a measured boot: runs every path, prints a line for each, switches the machine off.
 *
 *     boot TICKS                   from reset to the first line of main
 *     path TICKS COUNT NAME        the median, and how many times the path was taken between marks
 *     path - 0 NAME                this kernel cannot run it
 *     done
 *
 * Words on its command line that begin with + choose: only paths whose names have them all are run (scripts/bench
 * --profile). Others are kernel arguments that Linux did not know.
 * The same file is /init on Linux and on Faultline. A path runs in a child, so one that the kernel cannot run ends
 * nothing but itself, and what it leaves behind does not reach the next. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define SAMPLES 256
#define HUNDREDTHS 100 /* samples are counted in them: a page of a large munmap is some 50 instructions */
#define EXIT_PORT 0xf4 /* isa-debug-exit: QEMU ends with twice the value plus one */
#define EXIT_CLEAN 0x10
#define SECONDS 20 /* of virtual time: 20 billion instructions */

uint64_t bench_started;

static uint64_t samples[SAMPLES], empty_pair;
static unsigned long sample_count, operations;

void bench_sample(uint64_t ended, unsigned long count)
{
    uint64_t taken = ended - bench_started - empty_pair;

    operations += count;
    if (sample_count < SAMPLES)
        samples[sample_count++] = (taken * HUNDREDTHS + count / 2) / count;
}

char *bench_map(size_t size, int protection)
{
    char *memory = mmap(NULL, size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

void bench_unmap(char *memory, size_t size)
{
    bench_call(SYS_munmap, (long)memory, (long)size, 0, 0);
}

int bench_fork(void)
{
    return (int)bench_call(SYS_fork, 0, 0, 0, 0);
}

void bench_exit(int status)
{
    for (;;)
        bench_call(SYS_exit_group, status, 0, 0, 0);
}

void bench_wait(int child)
{
    bench_call(SYS_wait4, child, 0, 0, 0);
}

static void say(const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t written = write(STDOUT_FILENO, text, left);

        if (written <= 0)
            return;
        text += written;
        left -= (size_t)written;
    }
}

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

/* What reading the counter twice costs by itself. */
static void calibrate(void)
{
    uint64_t best = 1000;

    for (int i = 0; i < 10; i++) {
        uint64_t first = bench_ticks(), second = bench_ticks();

        if (second - first < best)
            best = second - first;
    }
    empty_pair = best;
}

static void run_path(const struct path *path)
{
    char line[160];

    alarm(SECONDS);
    sample_count = 0;
    if (!path->run() || sample_count == 0)
        bench_exit(1);
    qsort(samples, sample_count, sizeof(samples[0]), compare);
    snprintf(line, sizeof(line), "path %.2f %lu %s\n", (double)samples[sample_count / 2] / HUNDREDTHS,
             operations, path->name);
    say(line);
    bench_exit(0);
}

static bool is_wanted(const struct path *path, char **words)
{
    while (*words && (**words != '+' || strstr(path->name, *words + 1)))
        words++;
    return !*words;
}

static void run_all(const struct path *paths, char **words)
{
    char line[160];
    int status;

    for (; paths->name; paths++) {
        if (!is_wanted(paths, words))
            continue;
        BENCH_MARK_NEXT();
        int child = bench_fork();

        if (child == 0)
            run_path(paths);
        status = -1;
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
            snprintf(line, sizeof(line), "path - 0 %s\n", paths->name);
            say(line);
        }
    }
}

static void open_console(void)
{
    for (int fd = 0; fd < 3; fd++) {
        int opened = open("/dev/console", O_RDWR);

        if (opened > 2)
            close(opened);
    }
}

int main(int argc, char **argv)
{
    uint64_t boot = bench_ticks();
    char line[64];

    (void)argc;
    open_console();
    mkdir("/tmp", 0777);
    calibrate();
    snprintf(line, sizeof(line), "boot %llu\n", (unsigned long long)boot);
    say(line);
    run_all(memory_paths, argv + 1);
    run_all(process_paths, argv + 1);
    run_all(talk_paths, argv + 1);
    run_all(file_paths, argv + 1);
    say("done\n");
    /* Linux lets root use a port; here process 1 ends, which switches the machine off the same way. */
    if (iopl(3) == 0)
        outb(EXIT_CLEAN, EXIT_PORT);
    return 0;
}
