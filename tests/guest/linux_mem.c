/* SPDX-License-Identifier: MIT */
/* linux_mem.c - /proc/PID/mem: reading and writing one's own memory and a child's, also where the program itself may not write. */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>

#include "check.h"

static const char constant[] = "read only";

static void put(const char *what, int memory, void *at, const char *text)
{
    ssize_t written = pwrite(memory, text, strlen(text), (off_t)at);

    say("%s: %zd %s", what, written, written < 0 ? error_name(errno) : "");
}

static void get(const char *what, int memory, const void *at, size_t size)
{
    char text[3 * PAGE] = "";
    ssize_t got = pread(memory, text, size, (off_t)at);

    say("%s: %zd %s '%.16s'", what, got, got < 0 ? error_name(errno) : "", text);
}

static int memory_of(int pid)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/mem", pid);
    return open(path, O_RDWR);
}

int main(void)
{
    int own = memory_of(getpid()), gate[2];
    char *block = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (own < 0 || block == MAP_FAILED || pipe(gate) != 0)
        return 1;
    munmap(block + 2 * PAGE, PAGE);
    strcpy(block, "parent");
    get("a block", own, block, 6);
    get("untouched", own, block + PAGE, 6);
    get("over its end", own, block + 2 * PAGE - 4, 8);
    get("behind it", own, block + 2 * PAGE, 8);
    get("address 0", own, NULL, 8);
    put("a block, written", own, block, "PARENT");
    put("over its end, written", own, block + 2 * PAGE - 2, "1234");
    say("what is there: '%s', '%.2s'", block, block + 2 * PAGE - 2);
    mprotect(block, PAGE, PROT_READ);
    put("not writable any more, written", own, block, "forced");
    say("what is there: '%s'", block);
    put("a constant, written", own, (void *)constant, "Read");
    say("what is there: '%s'", *(const char *volatile *)&(const char *){constant});
    mprotect(block, PAGE, PROT_NONE);
    get("not readable, read", own, block, 6);
    mprotect(block, PAGE, PROT_READ | PROT_WRITE);

    int child = fork();
    if (child == 0) {
        char byte;
        _exit(read(gate[0], &byte, 1) == 1 && strcmp(block, "child!") == 0 ? 0 : 1);
    }
    int others = memory_of(child), status;
    get("a child's", others, block, 6);
    put("a child's, written", others, block, "child!");
    say("one's own then: '%s'", block);
    expect("the child goes on", write(gate[1], "x", 1), 1);
    expect("and found it", waitpid(child, &status, 0) == child && status == 0, 1);
    get("a child's that has ended", others, block, 6);
    return finish();
}
