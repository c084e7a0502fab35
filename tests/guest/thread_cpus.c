/* SPDX-License-Identifier: MIT */
/* thread_cpus.c - several CPUs at once: where a thread runs, and that what is taken away from a program is taken away on every CPU
 * at the moment at which the call returns.
 *
 * A writer counts up in a page, without a system call. Then the page is protected, unmapped or moved by another thread: from then on
 * the page must stand still, and the writer be in its handler of SIGSEGV. A CPU that were left with an old translation would write
 * on, perhaps into memory that has become somebody else's. With one CPU all of it holds, too, and is easy. */
#include "threads.h"

#include <sys/mman.h>
#include <ucontext.h>

#define ROUNDS 40
#define PATIENCE 10 /* seconds; what is awaited takes some ms */
#define SPINS 20000 /* long enough for another CPU to write some hundred times */
#define CPUS 1024   /* as many as Linux has room for */
#define WORDS (CPUS / 64)

/* ---- Where a thread runs ---- */

static unsigned long allowed[WORDS];

static long set_cpus(const unsigned long set[WORDS])
{
    return syscall(SYS_sched_setaffinity, 0, sizeof(allowed), set);
}

static long get_cpus(unsigned long set[WORDS])
{
    memset(set, 0, sizeof(allowed));
    return syscall(SYS_sched_getaffinity, 0, sizeof(allowed), set);
}

static int in_set(const unsigned long *set, unsigned cpu)
{
    return cpu < CPUS && set[cpu / 64] >> cpu % 64 & 1;
}

static unsigned here(void)
{
    unsigned cpu = CPUS;

    syscall(SYS_getcpu, &cpu, NULL, NULL);
    return cpu;
}

static void *only_there(void *cpu)
{
    long elsewhere = 0;
    unsigned long set[WORDS];

    for (int i = 0; i < 200; i++) {
        elsewhere += here() != (unsigned)(uintptr_t)cpu ||
                     (unsigned)sched_getcpu() != (unsigned)(uintptr_t)cpu;
        sched_yield();
    }
    get_cpus(set);
    for (unsigned other = 0; other < CPUS; other++)
        elsewhere += in_set(set, other) != (other == (unsigned)(uintptr_t)cpu);
    return (void *)elsewhere;
}

static void test_affinity(void)
{
    unsigned long one[WORDS];
    long elsewhere = 0, cpus = 0;

    expect("asking for the set gives bytes", get_cpus(allowed) > 0, 1);
    expect("this CPU is one of them", in_set(allowed, here()), 1);
    for (unsigned cpu = 0; cpu < CPUS; cpu++) {
        if (!in_set(allowed, cpu))
            continue;
        memset(one, 0, sizeof(one));
        one[cpu / 64] = 1UL << cpu % 64;
        elsewhere += set_cpus(one) != 0 || only_there((void *)(uintptr_t)cpu) != NULL;
        void *result;
        pthread_join(begin(only_there, (void *)(uintptr_t)cpu), &result); /* a new thread inherits the set */
        elsewhere += (long)result;
        cpus++;
    }
    expect("there are CPUs", cpus > 0, 1);
    expect("times that a thread was elsewhere", elsewhere, 0);
    memset(one, 0, sizeof(one));
    expect_error("no CPU at all", set_cpus(one), EINVAL);
    expect_error("a set that is too small", syscall(SYS_sched_getaffinity, 0, 4, one), EINVAL);
    expect_error("of nobody", syscall(SYS_sched_setaffinity, 999999, sizeof(allowed), allowed), ESRCH);
    expect("all of them again", set_cpus(allowed), 0);
}

/* ---- The writer ---- */

static volatile unsigned long *volatile place;
static atomic_ulong writes; /* so often it has begun anew */
static atomic_bool stopped, go_on, end;

static void fault_handler(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    if ((volatile unsigned long *)info->si_addr != place)
        _exit(98);
    stopped = true;
    while (!go_on)
        sched_yield();
    go_on = false;
}

static void *writer(void *unused)
{
    while (!end) {
        for (int i = 0; i < 1000; i++)
            ++*place;
        writes++;
        if (writes % 64 == 0)
            sched_yield();
    }
    return unused;
}

static void spin(void)
{
    for (volatile int i = 0; i < SPINS; i++)
        ;
}

static void wait_for_writes(void)
{
    for (unsigned long before = writes; writes < before + 2;)
        sched_yield();
}

/* => how often it moved although nobody may write there */
static long moves(const volatile unsigned long *word)
{
    unsigned long before = *word;

    spin();
    return *word != before;
}

static void *map_page(void *at)
{
    return mmap(at, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED : 0), -1, 0);
}

enum { PROTECT, UNMAP, MOVE, REPLACE, KINDS };
static const char *const kind_names[KINDS] = {"mprotect", "munmap", "mremap", "mmap over it"};

/* Takes the page away in one of the ways, and gives it back. => what was wrong */
static long take_away(int kind, void *page, void *spare)
{
    long wrong = 0;
    char *others;

    stopped = false;
    switch (kind) {
    case PROTECT:
        mprotect(page, PAGE, PROT_READ);
        wrong += moves(page);
        break;
    case UNMAP:
        munmap(page, PAGE);
        others = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (others == page) /* (the place is free; nobody may be let in there) */
            mprotect(page, PAGE, PROT_NONE);
        for (unsigned long at = 1; at < 16; at++)
            *(unsigned long *)(others + at * PAGE) = at; /* one of them has the page's frame now */
        spin();
        for (unsigned long at = 1; at < 16; at++)
            wrong += *(unsigned long *)(others + at * PAGE) != at;
        munmap(others, 16 * PAGE);
        break;
    case MOVE:
        if (mremap(page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, spare) != spare)
            wrong++;
        wrong += moves(spare);
        break;
    case REPLACE:
        if (mmap(page, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != page)
            wrong++;
        wrong += *(unsigned long *)page != 0;
        wrong += moves(page);
        break;
    }
    for (time_t begun = time(NULL); !stopped; sched_yield())
        if (time(NULL) > begun + PATIENCE) {
            say("%s: the writer still writes", kind_names[kind]);
            exit(1);
        }
    if (kind == PROTECT)
        mprotect(page, PAGE, PROT_READ | PROT_WRITE);
    else
        map_page(page);
    if (kind == MOVE)
        munmap(spare, PAGE);
    go_on = true;
    while (go_on)
        sched_yield();
    return wrong;
}

static void test_taking_away(void)
{
    const struct sigaction action = {.sa_sigaction = fault_handler, .sa_flags = SA_SIGINFO};
    void *page = map_page(NULL), *spare = (char *)page - 64 * PAGE;

    sigaction(SIGSEGV, &action, NULL);
    place = page;
    pthread_t thread = begin(writer, NULL);
    for (int kind = 0; kind < KINDS; kind++) {
        long wrong = 0;
        for (int round = 0; round < ROUNDS; round++) {
            wait_for_writes();
            wrong += take_away(kind, page, spare);
        }
        say("%s, %d times:", kind_names[kind], ROUNDS);
        expect("    times that somebody could still write", wrong, 0);
    }

    /* fork takes away the right to write: the child has what was there at that moment, for ever */
    long moved = 0;
    for (int round = 0; round < ROUNDS; round++) {
        int status;
        wait_for_writes();
        pid_t child = fork();
        if (child == 0)
            _exit((int)moves(page));
        waitpid(child, &status, 0);
        moved += status != 0;
    }
    expect("children that saw their parent write", moved, 0);
    end = true;
    pthread_join(thread, NULL);
    signal(SIGSEGV, SIG_DFL);
}

/* ---- Threads that never enter the kernel by themselves ---- */

static atomic_long handled;
static atomic_int running;

static void count_handler(int number)
{
    (void)number;
    handled++;
}

static void *spinner(void *unused)
{
    running++;
    while (!end)
        ;
    return unused;
}

static void start_spinners(int count)
{
    end = false;
    running = 0;
    for (int i = 0; i < count; i++)
        pthread_detach(begin(spinner, NULL));
    while (running < count)
        sched_yield();
}

static void body_exit(void *unused)
{
    (void)unused;
    start_spinners(3);
    exit(7);
}

static void body_killed(void *unused)
{
    (void)unused;
    start_spinners(3);
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

static void body_exec(void *path)
{
    start_spinners(3);
    execl(path, path, "again", (char *)NULL);
    _exit(1);
}

static void test_spinners(const char *path)
{
    signal(SIGUSR1, count_handler);
    end = false;
    running = 0;
    pthread_t thread = begin(spinner, NULL);
    while (!running)
        sched_yield();
    for (long i = 1; i <= 20; i++) {
        pthread_kill(thread, SIGUSR1);
        while (handled < i)
            sched_yield();
    }
    expect("signals to a thread that only computes", handled, 20);
    end = true;
    pthread_join(thread, NULL);

    int status = in_child(body_exit, NULL);
    expect("exit beside such threads: status", WIFEXITED(status) ? WEXITSTATUS(status) : -1, 7);
    expect_signal("kill beside them", body_killed, NULL, SIGKILL);
    status = in_child(body_exec, (void *)(uintptr_t)path);
    expect("exec beside them: status of the new program", WIFEXITED(status) ? WEXITSTATUS(status) : -1, 9);
}

/* ---- One number, several hands ---- */

#define HANDS 4
#define TURNS 5000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned long guarded;
static atomic_ulong shared;

static void *add(void *unused)
{
    for (int i = 0; i < TURNS; i++) {
        pthread_mutex_lock(&mutex);
        guarded++;
        pthread_mutex_unlock(&mutex);
        shared++;
    }
    return unused;
}

static void *touch(void *block)
{
    for (unsigned long at = 0; at < 512; at++)
        (*(unsigned long *)((char *)block + at * PAGE))++; /* another thread may have been first */
    return block;
}

static void test_together(void)
{
    pthread_t hands[HANDS];
    char *block = mmap(NULL, 512 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned long untouched = 0;

    for (int i = 0; i < HANDS; i++)
        hands[i] = begin(add, NULL);
    for (int i = 0; i < HANDS; i++)
        pthread_join(hands[i], NULL);
    expect("added under a mutex", (long)guarded, HANDS * TURNS);
    expect("added atomically", (long)shared, HANDS * TURNS);

    for (int i = 0; i < HANDS; i++)
        hands[i] = begin(touch, block);
    for (int i = 0; i < HANDS; i++)
        pthread_join(hands[i], NULL);
    for (unsigned long at = 0; at < 512; at++)
        untouched += *(unsigned long *)(block + at * PAGE) == 0;
    expect("pages that all touched first and that are lost", (long)untouched, 0);
    munmap(block, 512 * PAGE);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return 9;
    test_affinity();
    test_taking_away();
    test_spinners(argv[0]);
    test_together();
    return finish();
}
