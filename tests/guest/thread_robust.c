/* SPDX-License-Identifier: MIT */
/* thread_robust.c - robust mutexes whose owner dies: by returning, by pthread_exit, by being killed, by execve; within a
 * process and between processes. And the list itself, with nonsense in it. */
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>

#include "threads.h"

static pthread_mutex_t *shared;

static void make(pthread_mutex_t *mutex, bool between_processes)
{
    pthread_mutexattr_t attributes;

    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setpshared(&attributes,
                                 between_processes ? PTHREAD_PROCESS_SHARED : PTHREAD_PROCESS_PRIVATE);
    pthread_mutex_init(mutex, &attributes);
}

static void *take_and_return(void *argument)
{
    pthread_mutex_lock(argument);
    return NULL;
}

static void *take_and_doze(void *argument)
{
    pthread_mutex_lock(argument);
    doze();
    pthread_exit(NULL);
}

static void owner_died(const char *what, pthread_mutex_t *mutex)
{
    say("%s: lock: %s", what, pthread_mutex_lock(mutex) == EOWNERDEAD ? "EOWNERDEAD" : "something else");
    expect("made consistent", pthread_mutex_consistent(mutex), 0);
    expect("unlock", pthread_mutex_unlock(mutex), 0);
    expect("lock", pthread_mutex_lock(mutex), 0);
    expect("unlock", pthread_mutex_unlock(mutex), 0);
}

static void threads(void)
{
    pthread_mutex_t mutex;

    make(&mutex, false);
    pthread_join(begin(take_and_return, &mutex), NULL);
    owner_died("a thread that has ended", &mutex);
    pthread_t thread = begin(take_and_doze, &mutex);
    sched_yield();
    doze();
    owner_died("a thread that ends while we wait", &mutex);
    pthread_join(thread, NULL);
    pthread_join(begin(take_and_return, &mutex), NULL);
    say("not made consistent: %s",
        pthread_mutex_lock(&mutex) == EOWNERDEAD ? "EOWNERDEAD" : "something else");
    pthread_mutex_unlock(&mutex);
    say("then: %s", pthread_mutex_lock(&mutex) == ENOTRECOVERABLE ? "ENOTRECOVERABLE" : "something else");
}

static void die_by(const char *how, pthread_mutex_t *mutex)
{
    int running[2]; /* its writing end is closed by execve, or by the end */

    if (pipe2(running, O_CLOEXEC) != 0)
        exit(1);
    pid_t child = fork();

    if (child == 0) {
        pthread_mutex_lock(mutex);
        if (strcmp(how, "SIGKILL") == 0)
            raise(SIGKILL);
        if (strcmp(how, "execve") == 0)
            execl("/proc/self/exe", "thread_robust", "only sleep", NULL);
        _exit(0);
    }
    close(running[1]);
    (void)!read(running[0], &(char){0}, 1);
    close(running[0]);
    if (strcmp(how, "execve") != 0)
        waitpid(child, NULL, 0);
    owner_died(how, mutex);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void processes(void)
{
    make(shared, true);
    die_by("_exit", shared);
    die_by("SIGKILL", shared);
    die_by("execve", shared);
    pid_t child = fork();
    if (child == 0) {
        pthread_mutex_lock(shared);
        doze();
        raise(SIGKILL);
    }
    sched_yield();
    doze();
    owner_died("a process that dies while we wait", shared);
    waitpid(child, NULL, 0);
}

/* ---- the list as the kernel sees it ---- */

static struct {
    struct robust_list_head head;
    struct {
        struct robust_list list;
        uint32_t word;
    } entries[3];
} * raw;

static void walk(const char *what, int entries, void *last)
{
    const long offset = (char *)&raw->entries[0].word - (char *)&raw->entries[0].list;

    pid_t child = fork();
    if (child == 0) {
        uint32_t tid = (uint32_t)thread_id();
        raw->head = (struct robust_list_head){.futex_offset = offset};
        struct robust_list *previous = &raw->head.list;
        for (int i = 0; i < entries; i++) {
            raw->entries[i].word = i == 1 ? tid + 1 : tid | (i == 2 ? FUTEX_WAITERS : 0);
            previous->next = &raw->entries[i].list;
            previous = previous->next;
        }
        previous->next = last ? last : &raw->head.list;
        syscall(SYS_set_robust_list, &raw->head, sizeof(raw->head));
        _exit(0);
    }
    waitpid(child, NULL, 0);
    for (int i = 0; i < entries; i++)
        say("%s: word %d: %s%s", what, i,
            raw->entries[i].word & FUTEX_OWNER_DIED ? "owner died" : "as it was",
            raw->entries[i].word & FUTEX_WAITERS ? ", waiters" : "");
}

static void lists(void)
{
    struct robust_list_head *head = NULL;
    size_t size = 0;

    raw = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    expect_error("a size that is none", syscall(SYS_set_robust_list, raw, 23), EINVAL);
    expect("get_robust_list", syscall(SYS_get_robust_list, 0, &head, &size), 0);
    expect("size", (long)size, sizeof(*head));
    expect_error("get_robust_list of nobody", syscall(SYS_get_robust_list, 1 << 22, &head, &size), ESRCH);
    expect_error("get_robust_list to nowhere", syscall(SYS_get_robust_list, 0, 8, &size), EFAULT);
    walk("three", 3, NULL);
    walk("a ring without the head", 3, &raw->entries[0].list);
    walk("into nowhere", 2, (void *)8);
    walk("into the kernel", 1, (void *)0xffffffff80000000UL);
}

/* Who was woken and is killed before it has the mutex passes the wake-up on, be the mutex released or its owner dead. */
static void killed_when_woken(const char *what, uint32_t word)
{
    const struct timespec patience = {.tv_sec = 2};
    uint32_t *at = &raw->entries[0].word;
    char path[32];
    int status = -1;

    *at = word;
    pid_t sleeper = fork();
    if (sleeper == 0)
        _exit(syscall(SYS_futex, at, FUTEX_WAIT, word, &patience) == 0 ? 0 : 1);
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)sleeper);
    wait_until_asleep_in(path);
    pid_t killed = fork();
    if (killed == 0) {
        raw->head = (struct robust_list_head){.futex_offset = (char *)at - (char *)&raw->entries[0].list,
                                              .list_op_pending = &raw->entries[0].list};
        raw->head.list.next = &raw->head.list;
        syscall(SYS_set_robust_list, &raw->head, sizeof(raw->head));
        _exit(0);
    }
    waitpid(killed, NULL, 0);
    waitpid(sleeper, &status, 0);
    expect(what, status, 0);
    expect("    the word is as it was", *at == word, 1);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        sleep(5);
        return 0;
    }
    shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    threads();
    processes();
    lists();
    killed_when_woken("killed when woken: released", 0);
    killed_when_woken("killed when woken: its owner died", FUTEX_OWNER_DIED);
    killed_when_woken("killed when woken: its owner died, others wait", FUTEX_OWNER_DIED | FUTEX_WAITERS);
    return finish();
}
