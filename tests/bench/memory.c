/* SPDX-License-Identifier: MIT */
/* memory.c - the paths of memory management: faults, mappings, protections. */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

#define BIG (64 * MIB)
#define READ_WRITE (PROT_READ | PROT_WRITE)
#define MANY 60000
#define FEW 10

static bool write_fault(void)
{
    for (int round = 0; round < 3; round++) {
        char *memory = bench_map(BIG, READ_WRITE);

        if (!memory)
            return false;
        bench_begin();
        bench_touch(memory, BIG);
        bench_end(BIG / PAGE);
        bench_unmap(memory, BIG);
    }
    return true;
}

static bool unmap_touched(void)
{
    for (int round = 0; round < 3; round++) {
        char *memory = bench_map(BIG, READ_WRITE);

        if (!memory)
            return false;
        bench_touch(memory, BIG);
        bench_begin();
        bench_unmap(memory, BIG);
        bench_end(BIG / PAGE);
    }
    return true;
}

/* Both in one, so that work which is moved from one to the other is seen. */
static bool touch_cycle(void)
{
    for (int round = 0; round < 3; round++) {
        char *memory = bench_map(BIG, READ_WRITE);

        if (!memory)
            return false;
        bench_begin();
        bench_touch(memory, BIG);
        bench_unmap(memory, BIG);
        bench_end(BIG / PAGE);
    }
    return true;
}

static bool read_fault(void)
{
    for (int round = 0; round < 3; round++) {
        char *memory = bench_map(BIG, PROT_READ);

        if (!memory)
            return false;
        bench_begin();
        for (size_t at = 0; at < BIG; at += PAGE)
            (void)*(volatile char *)(memory + at);
        bench_end(BIG / PAGE);
        bench_unmap(memory, BIG);
    }
    return true;
}

/* Regions of one page side by side, which do not merge because every second one is read-only. */
static bool make_regions(int count)
{
    for (int i = 0; i < count; i++) {
        if (!bench_map(PAGE, i % 2 ? PROT_READ : READ_WRITE))
            return false;
    }
    return true;
}

static bool fault_among(int regions)
{
    enum { pages = 255 };

    if (!make_regions(regions / 2))
        return false;
    char *memory = bench_map(pages * PAGE, READ_WRITE | PROT_EXEC);
    if (!memory || !make_regions(regions / 2))
        return false;
    for (int i = 0; i < pages; i++) {
        bench_begin();
        bench_touch(memory + i * PAGE, PAGE);
        bench_end(1);
    }
    return true;
}

static bool fault_among_few(void)
{
    return fault_among(FEW);
}

static bool fault_among_many(void)
{
    return fault_among(MANY);
}

/* The first fault of each of 1024 regions, far from the one before: no memory of the last region helps. */
static bool fault_each_region(void)
{
    static char *regions[MANY];
    enum { batch = 64, batches = 16, step = 37 * 2 };

    for (int i = 0; i < MANY; i++) {
        regions[i] = bench_map(PAGE, i % 2 ? PROT_READ : READ_WRITE);
        if (!regions[i])
            return false;
    }
    for (int i = 0; i < MANY; i += 512) /* the page tables are not the subject */
        bench_touch(regions[i], PAGE);
    for (int i = 0; i < batches; i++) {
        bench_begin();
        for (int k = 0; k < batch; k++)
            bench_touch(regions[((i * batch + k) * step + 2) % MANY], PAGE);
        bench_end(batch);
    }
    return true;
}

/* fork's copies are broken by the parent; the child waits meanwhile, or is gone. */
static bool copy_on_write(bool alone)
{
    const size_t size = 16 * MIB;
    char *memory = bench_map(size, READ_WRITE);
    int hold[2];

    if (!memory || pipe(hold) != 0)
        return false;
    bench_touch(memory, size);
    for (int round = 0; round < 3; round++) {
        char byte = 0;
        int child = bench_fork();

        if (child < 0)
            return false;
        if (child == 0) {
            if (!alone)
                bench_call(SYS_read, hold[0], (long)&byte, 1, 0);
            bench_exit(0);
        }
        if (alone)
            bench_wait(child);
        bench_begin();
        bench_touch(memory, size);
        bench_end(size / PAGE);
        if (!alone) {
            bench_call(SYS_write, hold[1], (long)&byte, 1, 0);
            bench_wait(child);
        }
    }
    return true;
}

static bool cow_copy(void)
{
    return copy_on_write(false);
}

static bool cow_alone(void)
{
    return copy_on_write(true);
}

static bool map_unmap(void)
{
    for (int round = 0; round < 101; round++) {
        bench_begin();
        long memory = bench_call(SYS_mmap, 0, PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
        bench_call(SYS_munmap, memory, PAGE, 0, 0);
        bench_end(1);
        if (memory < 0)
            return false;
    }
    return true;
}

static bool map_among(int regions)
{
    if (!make_regions(regions))
        return false;
    for (int round = 0; round < 101; round++) {
        bench_begin();
        long memory = bench_call(SYS_mmap, 0, PAGE, READ_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS);
        bench_end(1);
        if (memory < 0)
            return false;
        bench_call(SYS_munmap, memory, PAGE, 0, 0);
    }
    return true;
}

static bool map_among_few(void)
{
    return map_among(FEW);
}

static bool map_among_many(void)
{
    return map_among(MANY);
}

/* A whole region, so that nothing is split; its neighbours have other permissions, so that nothing merges. */
static bool protect(size_t size)
{
    char *above = bench_map(PAGE, PROT_NONE);
    char *memory = bench_map(size, READ_WRITE);
    char *below = bench_map(PAGE, PROT_NONE);

    if (!above || !memory || !below)
        return false;
    bench_touch(memory, size);
    for (int round = 0; round < 101; round++) {
        bench_begin();
        bench_call(SYS_mprotect, (long)memory, (long)size, PROT_READ, 0);
        bench_call(SYS_mprotect, (long)memory, (long)size, READ_WRITE, 0);
        bench_end(2);
    }
    return true;
}

static bool protect_page(void)
{
    return protect(PAGE);
}

static bool protect_mib(void)
{
    return protect(MIB);
}

const struct path memory_paths[] = {
    {"first-touch write fault, mean of 64 MiB", write_fault},
    {"the same with 10 regions", fault_among_few},
    {"the same with 60 000 regions", fault_among_many},
    {"first fault of a region, 60 000 regions", fault_each_region},
    {"first-touch read fault", read_fault},
    {"munmap of touched memory, a page", unmap_touched},
    {"touch cycle (fault + unmap), a page", touch_cycle},
    {"COW fault, copy", cow_copy},
    {"COW fault, sole owner", cow_alone},
    {"mmap + munmap of one untouched page", map_unmap},
    {"mmap with 10 regions", map_among_few},
    {"mmap with 60 000 regions", map_among_many},
    {"mprotect of 4 KiB touched", protect_page},
    {"mprotect of 1 MiB touched", protect_mib},
    {0},
};
