/* SPDX-License-Identifier: MIT */
/* help - what there is to run here: experiments first. What is not in /bin is not shown. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct topic {
    const char *name, *text; /* a name of NULL starts a group */
};

static const struct topic topics[] = {
    {NULL, "Start here"},
    {"tour", "malloc's whole way in six steps (tour -s waits at each)"},
    {NULL, "Experiments: promises and pages"},
    {"vmrss", "malloc(1 GiB) is a promise (vmrss -modes: who promises it)"},
    {"status", "what moves VmSize, VmRSS, VmData, ...: one mover each"},
    {"regions", "where text, data, bss, heap, mappings and stack lie"},
    {"array", "int[100000]: in the heap or not? (array -p runs pmap, free)"},
    {"mapfile", "a file as memory: read-only, private, shared"},
    {"beyond", "more memory than the machine has: the rest waits in swap"},
    {NULL, "Experiments: malloc, brk and mmap"},
    {"malloc1", "malloc(1) makes a heap of 132 KiB"},
    {"malloc128k", "malloc(128 KiB) gets a row of its own; free removes it"},
    {"threads", "two threads, each with its own stack"},
    {"vdso", "time without a system call"},
    {"sbrk100m", "the break moves by 100 MiB, nothing becomes resident"},
    {"mmap13k", "13*1023 bytes become 16 KiB"},
    {"allbrk", "what if malloc used only brk? the hole that stays"},
    {"allmmap", "what if malloc used only mmap? a fault for each page, always"},
    {"header16", "free(p) gets only a pointer: the 16 bytes before it"},
    {NULL, "Experiments: protection"},
    {"protect", "a page made read-only, then written to"},
    {"rings", "what ring 3 may not do: cli, hlt, in, kernel memory, ..."},
    {"isolate", "two processes, one address, two frames"},
    {"cpus", "a page taken away on one CPU is gone on all (needs two: -c 2)"},
    {NULL, "Experiments: giving back"},
    {"leak", "never freed, and gone after exit (leak -forever: until OOM)"},
    {"/bin/exit", "what the kernel takes back when a process ends"},
    {NULL, "Experiments: five common errors, diagnosed"},
    {"bug-unalloc", "a write through a pointer that was never set"},
    {"bug-small", "a buffer that is one byte too small"},
    {"bug-uninit", "memory read before it was written"},
    {"bug-uaf", "memory used after free"},
    {"bug-dfree", "memory freed twice"},
    {NULL, "Tools"},
    {"story", "story PROGRAM: from its mallocs to the frames, in words"},
    {"pmap", "pmap [-x] PID: the regions of a process (pmap 1: init)"},
    {"free", "free [-b|-k|-m]: the machine's memory"},
    {"resize", "asks the terminal for its size, after the window was made larger"},
    {"busybox", "the ordinary tools, and the shell: busybox lists them"},
    {"cat", "cat /proc/self/maps, cat /proc/meminfo, ..."},
    {"exit", "powers off (Ctrl-A X leaves QEMU at any time)"},
};

static bool is_there(const char *name)
{
    char path[64];

    if (strcmp(name, "exit") == 0)
        return true; /* the shell does it */
    if (name[0] == '/')
        return access(name, X_OK) == 0;
    snprintf(path, sizeof(path), "/bin/%s", name);
    return access(path, X_OK) == 0;
}

int main(void)
{
    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++) {
        const struct topic *topic = &topics[i];

        if (!topic->name)
            printf("%s\n", topic->text);
        else if (is_there(topic->name))
            printf("  %-12s %s\n", topic->name, topic->text);
    }
    return 0;
}
