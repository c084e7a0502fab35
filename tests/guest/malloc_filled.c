/* SPDX-License-Identifier: MIT */
/* malloc_filled - in malloc's checking mode a pointer that is read from fresh or from freed memory is no address: using it ends
 * the program. (What the kernel says of that value is in tests/system/test_explanations.py.) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct item {
    char name[32];
    struct item *next;
};

static struct item *volatile item, *volatile other;

static void use_fresh(void)
{
    item = malloc(sizeof(*item));
    item->next->name[0] = 'x';
}

static void use_freed(void)
{
    item = malloc(sizeof(*item));
    other = malloc(sizeof(*other));
    item->next = other;
    struct item *stale = item;
    free(item);
    __asm__ volatile("" : "+r"(stale));
    stale->next->name[0] = 'x';
}

static void show(const char *what, void (*act)(void))
{
    int status;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        act();
        _exit(0);
    }
    waitpid(child, &status, 0);
    printf("%s: %s\n", what, WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "nothing");
}

int main(int argc, char **argv)
{
    if (argc == 1) {
        char *const words[] = {argv[0], "checking", NULL}, *const environment[] = {"MALLOC_CHECK_=3", NULL};
        execve("/proc/self/exe", words, environment);
        return 1;
    }
    show("a pointer in fresh memory", use_fresh);
    show("a pointer in freed memory", use_freed);
    return 0;
}
