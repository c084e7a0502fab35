/* SPDX-License-Identifier: MIT */
/* exit - what the kernel takes back when a process ends, and when.
 *
 * A child maps and touches 8 MiB, frees nothing and ends. It is looked at three times through /proc: while it
 * lives; when it has ended and its parent has not asked for its status (a zombie: no memory any more, only a
 * number and a status); and after the parent has asked. (In the shell, `exit` leaves the shell: this program
 * is /bin/exit.) */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/demo.h"
#include "lib/look.h"

#define BYTES (8 * MIB)
#define PATIENCE 500 /* looks, 10 ms apart */

struct talk {
    volatile int child_ready, child_may_go;
};

static void wait_a_little(void)
{
    const struct timespec ten_milliseconds = {0, 10 * 1000 * 1000};

    nanosleep(&ten_milliseconds, NULL);
}

static void be_the_child(struct talk *talk)
{
    char *memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory != MAP_FAILED)
        touch_write(memory, BYTES / PAGE_SIZE);
    talk->child_ready = 1;
    while (!talk->child_may_go)
        wait_a_little();
    _exit(7);
}

static const char *proc_path(pid_t pid, const char *file)
{
    static char path[64];

    snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, file);
    return path;
}

/* => the state letter of /proc/PID/stat (it follows the name in brackets), '-' when there is no such process
 */
static char state_of(pid_t pid)
{
    char text[256];
    const char *bracket;
    ssize_t got;
    int fd = open(proc_path(pid, "stat"), O_RDONLY);

    if (fd < 0)
        return '-';
    got = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (got <= 0)
        return '-';
    text[got] = '\0';
    bracket = strrchr(text, ')');
    return bracket && bracket[1] ? bracket[2] : '-';
}

static const char *state_words(char state)
{
    if (state == '-')
        return "no process";
    return state == 'Z' ? "zombie" : "alive";
}

static void show(const char *when, pid_t pid)
{
    struct memory_sum sum;
    long size = look_status_of_kb(proc_path(pid, "status"), "VmSize");
    unsigned rows = look_row_count_of(proc_path(pid, "maps"));

    look_memory_of(proc_path(pid, "smaps"), &sum);
    printf("  %-30s %-11s %-9s %-6s %3lu MiB\n", when, state_words(state_of(pid)), size < 0 ? "no" : "yes",
           rows ? "some" : "none", sum.anonymous / KIB);
    if (demo_exact)
        printf("  %-30s (MemFree %ld kB)\n", "", look_meminfo_kb("MemFree"));
}

int main(int argc, char **argv)
{
    struct talk *talk;
    int status = 0;
    pid_t child;

    demo_start(argc, argv, "what a process leaves behind: nothing", "");
    talk = child_shared_page();
    if (!talk) {
        printf("  this kernel has no shared mappings yet, so two processes cannot agree on a moment\n");
        return 0;
    }
    printf("\n  %-30s %-11s %-9s %-6s %s\n", "the child", "state", "VmSize", "rows", "resident");
    fflush(stdout);
    child = fork();
    if (child == 0)
        be_the_child(talk);
    if (child < 0)
        return 1;
    for (int look = 0; look < PATIENCE && !talk->child_ready; look++)
        wait_a_little();
    show("it has touched 8 MiB", child);
    talk->child_may_go = 1;
    for (int look = 0; look < PATIENCE && state_of(child) != 'Z'; look++)
        wait_a_little();
    show("it has ended", child);
    waitpid(child, &status, 0);
    show("its status has been asked for", child);
    printf("  the status was %d\n", WEXITSTATUS(status));

    demo_article("why is memory freed when the process ends?");
    demo_here("all frames were back when the process had ended, before its parent asked for the status.");
    demo_why("memory belongs to the address space, not to malloc's lists. At exit the kernel walks its "
             "own regions and page tables and gives back every frame, freed or not; files are closed the "
             "same way.");
    return 0;
}
