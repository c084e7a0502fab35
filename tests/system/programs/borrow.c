/* SPDX-License-Identifier: MIT */
/* borrow - a child of vfork works in its parent's memory: it touches pages there and maps one, then leaves; another one executes. For the
 * event stream, which tells all that in the child's context. And calls of the stream's own number with arguments that are no good. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define TELL 0x464c

static void touch(char *from, int pages)
{
    for (int i = 0; i < pages; i++)
        *(volatile char *)(from + i * PAGE) = 1;
}

static char *pages(int count)
{
    return mmap(NULL, (size_t)count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* Whoever says something must say it right: never 0 for what is no event, and no harm done. */
static int tell_badly(void)
{
    static const unsigned long bad[] = {0, 1, 3, 5, 6, 10, 90, ~0UL};
    char *closed = pages(1);
    int wrong = 0;

    mprotect(closed, PAGE, PROT_NONE);
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        wrong += syscall(TELL, bad[i], closed, 61UL) != -1;
        wrong += syscall(TELL, bad[i], ~0UL, 40UL) != -1;
        wrong += syscall(TELL, bad[i], (char *)&bad, ~0UL) != -1;
        wrong += syscall(TELL, bad[i], closed + PAGE - 4, 8UL) != -1;
    }
    return wrong;
}

int main(void)
{
    char *block = pages(16), *volatile given = NULL;
    int status;

    touch(block, 4);
    pid_t child = vfork();
    if (child == 0) {
        touch(block + 4 * PAGE, 4);
        given = pages(4);
        touch(given, 2);
        _exit(0);
    }
    waitpid(child, &status, 0);
    touch(given, 3);
    touch(block, 10);
    child = vfork();
    if (child == 0) {
        execl("/bin/true", "true", (char *)NULL);
        _exit(127);
    }
    waitpid(child, &status, 0);
    printf("%d %d\n", status, tell_badly());
    return 0;
}
