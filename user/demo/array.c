/* SPDX-License-Identifier: MIT */
/* array - int[100000] by malloc: in the heap, or in a row of its own?
 *
 * That depends on the size and on the library's limit: below it a block comes from [heap], from it on it is a
 * mapping. Two articles show the same array in different places, and both are right. With a limit that can be
 * set (mallopt), the same array is made once with brk only. `array -p` runs pmap, pmap -x and free as the
 * article does. */
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/demo.h"
#include "lib/look.h"

static const size_t counts[] = {1000, 10000, 30000, 32768, 50000, 100000};

/* Says where the array lies, writes to all of it, and gives it back. */
static void show_array(size_t count)
{
    size_t bytes = count * sizeof(int);
    int *array = demo_opaque(malloc(bytes));
    struct map_row row;
    unsigned long promised, touched;

    if (!array || !look_row(array, &row)) {
        printf("  int[%6zu]: malloc = NULL\n", count);
        return;
    }
    promised = look_resident_pages(array, bytes);
    memset(array, 1, bytes);
    touched = look_resident_pages(array, bytes);
    printf("  int[%6zu]  %7zu  %-9s %6lu KiB  %14lu  %13lu\n", count, bytes,
           row.name[0] ? row.name : "(no name)", (row.end - row.start) / KIB, promised, touched);
    free(array);
}

static void run(const char *program, const char *option, const char *argument)
{
    char path[64];
    pid_t child;

    snprintf(path, sizeof(path), "/bin/%s", program);
    printf("\n# %s%s%s%s%s\n", program, option ? " " : "", option ? option : "", argument ? " " : "",
           argument ? argument : "");
    fflush(stdout);
    child = fork();
    if (child == 0) {
        if (option)
            execl(path, program, option, argument, (char *)NULL);
        else
            execl(path, program, argument, (char *)NULL);
        _exit(127);
    }
    if (child > 0)
        waitpid(child, NULL, 0);
}

static void run_tools(void)
{
    int *array = demo_opaque(malloc(100000 * sizeof(int)));
    char pid[24];

    snprintf(pid, sizeof(pid), "%ld", (long)getpid());
    run("pmap", NULL, pid);
    run("pmap", "-x", pid);
    run("free", NULL, NULL);
    free(array);
}

int main(int argc, char **argv)
{
    demo_start(argc, argv, "where does int[100000] lie?", "[-p]");
    demo_head("by the library's own limit");
    printf("  %-11s  %7s  %-9s %10s  %s\n", "array", "bytes", "lies in", "the row",
           "pages resident, after writing");
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        show_array(counts[i]);
    if (demo_option(argc, argv, "-p"))
        run_tools();
#ifdef M_MMAP_MAX
    demo_head("brk only: mallopt(M_MMAP_MAX, 0)");
    mallopt(M_MMAP_MAX, 0);
    show_array(100000);
#else
    printf("\n  this C library has no mallopt: its limit is fixed\n");
#endif

    demo_article("one shows int[100000] as 392K in [heap], another as a 392-400K row without a name.");
    demo_here("the size decides, and the C library's limit near 128 KiB. 400000 bytes are 98 pages, 392 "
              "KiB; a header in front may make it 396.");
    demo_why("small blocks share the heap, large ones get a mapping that can go back alone. A library "
             "whose limit is higher, or that uses brk only, puts the same array into [heap].");
    return 0;
}
