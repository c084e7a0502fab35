/* SPDX-License-Identifier: MIT */
/* thread_join.c - threads come and go: their results, what /proc shows of them, their stacks as rows of their own, and that
 * a thousand of them leave nothing behind. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "threads.h"

#define ROUNDS 1000

static void *twice(void *number)
{
    return (void *)((uintptr_t)number * 2);
}

static void rounds(void)
{
    uintptr_t sum = 0;
    void *result;

    pthread_join(begin(twice, NULL), &result);
    /* The guest's own account of frames; Linux has no such file. */
    long stacks = proc_number("/proc/frames", "kstack"), tables = proc_number("/proc/frames", "table"),
         anon = proc_number("/proc/frames", "anon");
    for (uintptr_t i = 0; i < ROUNDS; i++) {
        pthread_join(begin(twice, (void *)i), &result);
        sum += (uintptr_t)result;
    }
    expect("sum of the results", (long)sum, ROUNDS * (ROUNDS - 1));
    expect("kernel stacks left", proc_number("/proc/frames", "kstack") - stacks, 0);
    expect("page tables left", proc_number("/proc/frames", "table") - tables, 0);
    expect("anonymous frames left", proc_number("/proc/frames", "anon") - anon, 0);
}

/* ---- What is seen of a thread ---- */

struct seen {
    atomic_long tid;
    atomic_int phase;
    char *local;
};

static void *show_yourself(void *argument)
{
    struct seen *seen = argument;
    char local = 1;

    prctl(PR_SET_NAME, "second");
    seen->local = &local;
    seen->tid = thread_id();
    while (!seen->phase)
        sched_yield();
    return NULL;
}

static void stack_row(const char *address)
{
    char line[256], rights[5] = "", previous_rights[5] = "";
    unsigned long start, end, previous_end = 0;
    FILE *maps = fopen("/proc/self/maps", "r");

    while (fgets(line, sizeof(line), maps) && sscanf(line, "%lx-%lx %4s", &start, &end, rights) == 3) {
        if ((unsigned long)address >= start && (unsigned long)address < end) {
            say("row of the second stack: %s, below it: %s%s", rights, previous_rights,
                previous_end == start ? "" : " (a hole)");
            break;
        }
        previous_end = end;
        strcpy(previous_rights, rights);
    }
    fclose(maps);
}

static int count_tasks(void)
{
    DIR *directory = opendir("/proc/self/task");
    int count = 0;

    for (struct dirent *entry; (entry = readdir(directory));)
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

static void text_of(long tid, const char *file, char *text, size_t size)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/self/task/%ld/%s", tid, file);
    FILE *opened = fopen(path, "r");
    text[0] = '\0';
    if (opened && fgets(text, (int)size, opened))
        text[strcspn(text, "\n")] = '\0';
    if (opened)
        fclose(opened);
}

/* => what write says */
static long write_name(const char *path, const char *name)
{
    int file = open(path, O_WRONLY);
    long written = file < 0 ? -1 : write(file, name, strlen(name));

    if (file >= 0)
        close(file);
    return written;
}

/* A thread's name is written to its comm: by the threads of its process. */
static void rename_thread(long tid)
{
    char path[64], text[128];

    snprintf(path, sizeof(path), "/proc/self/task/%ld/comm", tid);
    expect("written to its comm", write_name(path, "renamed"), 7);
    text_of(tid, "comm", text, sizeof(text));
    say("its comm: %s", text);
    expect("a long one", write_name(path, "0123456789abcdef0123456789abcdef0123456789"), 42);
    text_of(tid, "comm", text, sizeof(text));
    say("its comm: %s", text);
    expect("the process's", write_name("/proc/self/comm", "process"), 7);
    text_of(getpid(), "comm", text, sizeof(text));
    say("the first one's comm: %s", text);
    snprintf(path, sizeof(path), "/proc/%d/comm", getppid());
    expect_error("another process's", write_name(path, "renamed"), EINVAL);
}

static void visible(void)
{
    struct seen seen = {0};
    char path[64], text[128];
    pthread_t thread = begin(show_yourself, &seen);

    while (!seen.tid)
        sched_yield();
    stack_row(seen.local);
    expect("entries in task/", count_tasks(), 2);
    expect("Threads in status", proc_number("/proc/self/status", "Threads:"), 2);
    snprintf(path, sizeof(path), "/proc/self/task/%ld/status", (long)seen.tid);
    expect("its Pid is its tid", proc_number(path, "Pid:") == seen.tid, 1);
    expect("its Tgid is the process", proc_number(path, "Tgid:") == getpid(), 1);
    text_of(seen.tid, "comm", text, sizeof(text));
    say("its comm: %s", text);
    text_of(getpid(), "comm", text, sizeof(text));
    say("the first one's comm: %s", text);
    rename_thread(seen.tid);
    text_of(seen.tid, "stat", text, sizeof(text));
    expect("its stat begins with its tid", strtol(text, NULL, 10) == seen.tid, 1);
    text_of(seen.tid, "maps", text, sizeof(text));
    say("maps there: %.17s", text);
    seen.phase = 1;
    pthread_join(thread, NULL);
    expect("entries in task/ afterwards", count_tasks(), 1);
    snprintf(path, sizeof(path), "/proc/self/task/%ld", (long)seen.tid);
    expect_error("its directory afterwards", access(path, F_OK), ENOENT);
    expect_error("another process's thread in task/", access("/proc/self/task/1", F_OK), ENOENT);
}

/* ---- What a thread has used ---- */

static void *touch_pages(void *pages)
{
    struct rusage before, after;

    getrusage(RUSAGE_THREAD, &before);
    for (int i = 0; i < 50; i++)
        ((volatile char *)pages)[i * (int)PAGE] = 1;
    getrusage(RUSAGE_THREAD, &after);
    return (void *)(uintptr_t)(after.ru_minflt - before.ru_minflt);
}

static void usage(void)
{
    struct rusage before, after, own_before, own_after;
    void *faults, *pages = mmap(NULL, 50 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    madvise(pages, 50 * PAGE, MADV_NOHUGEPAGE);
    getrusage(RUSAGE_THREAD, &own_before);
    getrusage(RUSAGE_SELF, &before);
    pthread_join(begin(touch_pages, pages), &faults);
    getrusage(RUSAGE_SELF, &after);
    expect("faults of the thread that touches 50 pages", (long)(uintptr_t)faults, 50);
    expect("its process counts them", after.ru_minflt - before.ru_minflt >= 50, 1);
    getrusage(RUSAGE_THREAD, &own_after);
    expect("another thread does not", own_after.ru_minflt - own_before.ru_minflt < 50, 1);
    munmap(pages, 50 * PAGE);
}

/* ---- Each has its own ---- */

static _Thread_local int own = 1;

static void *change_own(void *unused)
{
    (void)unused;
    own = 2;
    errno = EDOM;
    return (void *)(uintptr_t)own;
}

int main(void)
{
    void *result;

    errno = 0;
    pthread_join(begin(change_own, NULL), &result);
    expect("a thread's own variable there", (long)(uintptr_t)result, 2);
    expect("and here", own, 1);
    expect("errno is untouched", errno, 0);
    visible();
    usage();
    rounds();
    return finish();
}
