/* SPDX-License-Identifier: MIT */
/* malloc_misuse - wrong frees, each in a child: the signal that ends it and the first line of its last words.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The compiler must not reason about these pointers: what follows is wrong on purpose. */
static char *volatile p, *volatile q;

static void double_free(void)
{
    p = malloc(24);
    q = malloc(24);
    free(p);
    free(p);
}

static void double_free_large(void)
{
    p = malloc(5000);
    q = malloc(5000);
    free(p);
    free(p);
}

static void double_free_mapped(void)
{
    p = malloc(200000);
    free(p);
    free(p);
}

static void free_of_a_variable(void)
{
    char bytes[64] __attribute__((aligned(16)));

    p = bytes;
    free(p);
}

static void free_of_the_middle(void)
{
    p = malloc(100);
    q = p + 16;
    free(q);
}

static void free_of_an_odd_address(void)
{
    p = malloc(100);
    q = p + 1;
    free(q);
}

static void write_past_the_end(void)
{
    p = malloc(24);
    q = malloc(24);
    memset(p, 'A', 64);
    free(p);
}

static void write_over_the_top(void)
{
    p = malloc(24);
    memset(p, 0xff, 64);
    q = malloc(100000);
    q = malloc(100000);
}

static void realloc_after_free(void)
{
    p = malloc(24);
    free(p);
    p = realloc(p, 100);
}

static void one_byte_too_many_is_silent(void)
{
    p = malloc(10);
    strcpy(p, "0123456789");
    free(p);
}

static void try(const char *name, void (*body)(void))
{
    char text[512];
    size_t length = 0;
    ssize_t got;
    int ends[2];
    int status;

    fflush(stdout);
    if (pipe(ends) != 0)
        abort();

    pid_t pid = fork();

    if (pid == 0) {
        dup2(ends[1], STDERR_FILENO);
        body();
        _exit(0);
    }
    close(ends[1]);
    while ((got = read(ends[0], text + length, sizeof(text) - 1 - length)) > 0)
        length += (size_t)got;
    close(ends[0]);
    text[length] = 0;
    waitpid(pid, &status, 0);

    char *line_end = strchr(text, '\n');
    int explained = line_end && strncmp(line_end + 1, "malloc: ", 8) == 0;

    if (line_end)
        *line_end = 0;
    printf("%s: signal %d, \"%s\"%s\n", name, WIFSIGNALED(status) ? WTERMSIG(status) : 0, text,
           explained ? ", explained" : "");
}

int main(void)
{
    try("double free", double_free);
    try("double free, large", double_free_large);
    try("double free, mapped", double_free_mapped);
    try("free of a variable", free_of_a_variable);
    try("free of the middle", free_of_the_middle);
    try("free of an odd address", free_of_an_odd_address);
    try("write past the end", write_past_the_end);
    try("write over the top", write_over_the_top);
    try("realloc after free", realloc_after_free);
    try("one byte too many", one_byte_too_many_is_silent);
    setenv("MALLOC_CHECK_", "3", 1);
    if (getenv("SECOND_ROUND"))
        return 0;
    setenv("SECOND_ROUND", "1", 1);
    fflush(stdout);
    execl("/proc/self/exe", "malloc_misuse", (char *)NULL);
    printf("exec: errno %d\n", errno);
    return 1;
}
