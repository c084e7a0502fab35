/* SPDX-License-Identifier: MIT */
/* thread_futex.c - futex(2) itself: its errors, whom it wakes, whom it moves, what a signal does to it. */
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>

#include "threads.h"

static uint32_t word, other;

static long futex(void *address, int operation, long value, const void *timeout, void *second, long third)
{
    return syscall(SYS_futex, address, operation, value, timeout, second, third);
}

static void errors(void)
{
    const struct timespec negative = {.tv_sec = -1}, large = {.tv_nsec = 1000000000};
    char *unmapped = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *odd = (char *)&word + 1;
    void *kernel = (void *)0xffff800000000000;

    munmap(unmapped, PAGE);
    expect_error("wait, another value", futex(&word, FUTEX_WAIT, 1, NULL, NULL, 0), EAGAIN);
    expect_error("the same, private", futex(&word, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0), EAGAIN);
    expect_error("wait, not aligned", futex(odd, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0), EINVAL);
    expect_error("wake, not aligned", futex(odd, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), EINVAL);
    expect_error("wait at NULL", futex(NULL, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0), EFAULT);
    expect_error("wait at an unmapped address", futex(unmapped, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0),
                 EFAULT);
    expect_error("the same, shared", futex(unmapped, FUTEX_WAIT, 0, NULL, NULL, 0), EFAULT);
    expect_error("wake at an unmapped address, shared", futex(unmapped, FUTEX_WAKE, 1, NULL, NULL, 0),
                 EFAULT);
    expect("the same, private", futex(unmapped, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 0);
    expect_error("wait in the kernel", futex(kernel, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0), EFAULT);
    expect_error("wake in the kernel", futex(kernel, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), EFAULT);
    expect_error("a negative time-out", futex(&word, FUTEX_WAIT_PRIVATE, 0, &negative, NULL, 0), EINVAL);
    expect_error("too many nanoseconds", futex(&word, FUTEX_WAIT_PRIVATE, 0, &large, NULL, 0), EINVAL);
    expect_error("a time-out nowhere", futex(&word, FUTEX_WAIT_PRIVATE, 0, unmapped, NULL, 0), EFAULT);
    expect_error("wait, no bits", futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, 0), EINVAL);
    expect_error("wake, no bits", futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 1, NULL, NULL, 0), EINVAL);
    expect_error("an unknown operation", futex(&word, 99, 0, NULL, NULL, 0), ENOSYS);
    expect_error("a clock for wake",
                 futex(&word, FUTEX_WAKE_PRIVATE | FUTEX_CLOCK_REALTIME, 1, NULL, NULL, 0), ENOSYS);
    expect_error("a clock for wait",
                 futex(&word, FUTEX_WAIT_PRIVATE | FUTEX_CLOCK_REALTIME, 1, NULL, NULL, 0), ENOSYS);
    expect_error("requeue of -1", futex(&word, FUTEX_REQUEUE_PRIVATE, -1, (void *)1, &other, 0), EINVAL);
    expect_error("requeue to -1", futex(&word, FUTEX_REQUEUE_PRIVATE, 1, (void *)-1, &other, 0), EINVAL);
    expect_error("requeue to an odd address", futex(&word, FUTEX_REQUEUE_PRIVATE, 1, (void *)1, odd, 0),
                 EINVAL);
    expect_error("compare and requeue, another value",
                 futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)1, &other, 1), EAGAIN);
    expect("nobody to wake", futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 0);
    expect("nobody to move", futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)1, &other, 0), 0);
}

/* FUTEX_WAKE_OP: the second word is changed, the first one's sleepers are woken, and the second's if what it was compares. */
static void wake_operations(void)
{
    static const int values[] = {0, 1, 5, -5, INT32_MAX, INT32_MIN},
                     arguments[] = {0, 1, 5, -5, 2047, -2048, 31, 40};
    unsigned long sum = 0;
    int results = 0;

    for (int op = 0; op < 16; op++)
        for (int compare = 0; compare < 8; compare++)
            for (int i = 0; i < 6 * 8; i++) {
                int encoded = (int)((unsigned)op << 28 | (unsigned)compare << 24 |
                                    ((unsigned)arguments[i / 6] & 0xfff) << 12 |
                                    ((unsigned)arguments[i / 6] & 0xfff));
                other = (uint32_t)values[i % 6];
                long got = futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &other, encoded);
                results += got == 0;
                sum = sum * 31 + other + (unsigned long)(got == 0 ? 7 : errno);
            }
    say("wake operations: %d good ones, words and errors %lx", results, sum);
    char *odd = (char *)&word + 1;
    expect_error("first word odd", futex(odd, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &other, 0), EINVAL);
    expect_error("second word odd", futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, odd, 0), EINVAL);
    expect_error("second word nowhere", futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, (void *)8, 0),
                 EFAULT);
    expect_error("first word in the kernel",
                 futex((void *)0xffff800000000000, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &other, 0), EFAULT);
}

static void *sleep_at(void *where)
{
    return (void *)futex(where, FUTEX_WAIT_PRIVATE, 7, NULL, NULL, 0);
}

static void wake_two_words(void)
{
    pthread_t threads[4];
    long woken = 0;

    word = other = 7;
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, sleep_at, i < 2 ? &word : &other);
    usleep(200000); /* they sleep by now */
    woken = futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)2, &other,
                  FUTEX_OP(FUTEX_OP_ADD, 1, FUTEX_OP_CMP_EQ, 8));
    expect("8 is not what it was: one of the first word", woken, 1);
    woken = futex(&word, FUTEX_WAKE_OP_PRIVATE, 5, (void *)2, &other,
                  FUTEX_OP(FUTEX_OP_SET, 9, FUTEX_OP_CMP_EQ, 8));
    expect("8 it was: the other and both of the second", woken, 3);
    expect("what was set", other, 9);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    word = other = 0;
}

/* ---- Time ---- */

static long now_ms(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void timed(const char *what, int operation, clockid_t clock, bool absolute)
{
    long begin_ms = now_ms(clock), end_ms = begin_ms + 40;
    struct timespec time = {.tv_sec = end_ms / 1000, .tv_nsec = end_ms % 1000 * 1000000};

    if (!absolute)
        time = (struct timespec){.tv_nsec = 40000000};
    expect_error(what, futex(&word, operation, 0, &time, NULL, -1), ETIMEDOUT);
    expect("    after 40 ms or more", now_ms(clock) - begin_ms >= 39, 1);
    if (absolute)
        expect_error("    a moment that has passed", futex(&word, operation, 0, &time, NULL, -1), ETIMEDOUT);
}

/* ---- Whom it wakes ---- */

#define SLEEPERS 3

struct sleeper {
    uint32_t *word;
    uint32_t bits;
    atomic_long tid;
    atomic_bool woken;
};

static void *sleep_there(void *argument)
{
    struct sleeper *sleeper = argument;

    sleeper->tid = thread_id();
    while (futex(sleeper->word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, sleeper->bits) != 0)
        continue;
    sleeper->woken = true;
    return NULL;
}

static void lay_down(struct sleeper *sleepers, pthread_t *threads)
{
    for (int i = 0; i < SLEEPERS; i++) {
        sleepers[i] = (struct sleeper){.word = &word, .bits = 1U << i};
        threads[i] = begin(sleep_there, &sleepers[i]);
        while (!sleepers[i].tid)
            sched_yield();
        wait_until_asleep(sleepers[i].tid);
    }
}

static void woken(const char *what, struct sleeper *sleepers)
{
    doze();
    say("%s: %d %d %d", what, sleepers[0].woken, sleepers[1].woken, sleepers[2].woken);
}

static void get_up(pthread_t *threads)
{
    for (int i = 0; i < SLEEPERS; i++)
        pthread_join(threads[i], NULL);
}

static void waking(void)
{
    struct sleeper sleepers[SLEEPERS];
    pthread_t threads[SLEEPERS];

    lay_down(sleepers, threads);
    expect("wake of no bit of theirs", futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 9, NULL, NULL, 8), 0);
    expect("wake by bit", futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 9, NULL, NULL, 2), 1);
    woken("it was the second one", sleepers);
    expect("wake one", futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 1);
    woken("it was the first one", sleepers);
    expect("wake all", futex(&word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0), 1);
    get_up(threads);

    lay_down(sleepers, threads);
    expect("wake one, move one", futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)1, &other, 0), 2);
    woken("one is awake", sleepers);
    expect("at the old word", futex(&word, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0), 1);
    expect("at the new word", futex(&other, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0), 1);
    get_up(threads);

    lay_down(sleepers, threads);
    expect("move all", futex(&word, FUTEX_REQUEUE_PRIVATE, 0, (void *)9, &other, 0), SLEEPERS);
    expect("wake none is wake one", futex(&other, FUTEX_WAKE_PRIVATE, 0, NULL, NULL, 0), 1);
    expect("the rest", futex(&other, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0), 2);
    get_up(threads);
}

/* ---- Between processes: one file, mapped at two addresses ---- */

static void between_processes(void)
{
    char path[] = "/tmp/thread_futex.XXXXXX";
    int file = mkstemp(path);
    if (file < 0 || ftruncate(file, PAGE) != 0) {
        say("no file: %s", error_name(errno));
        exit(1);
    }
    uint32_t *here = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    pid_t child = fork();

    if (child == 0) {
        uint32_t *there = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        while (futex(there + 5, FUTEX_WAIT, 0, NULL, NULL, 0) != 0 && errno == EINTR)
            continue;
        _exit(there[5] == 1 ? 7 : 1);
    }
    int status, count = 0;
    doze();
    expect("private: not the same word", futex(here + 5, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 0);
    expect("shared, next word", futex(here + 6, FUTEX_WAKE, 1, NULL, NULL, 0), 0);
    here[5] = 1;
    while (count == 0)
        count = (int)futex(here + 5, FUTEX_WAKE, 1, NULL, NULL, 0);
    expect("shared: woken", count, 1);
    waitpid(child, &status, 0);
    expect("the child saw it", WEXITSTATUS(status), 7);
    munmap(here, PAGE);
    close(file);
    unlink(path);
}

/* ---- Signals ---- */

static volatile sig_atomic_t handled;

static void handler(int number)
{
    handled = number;
}

struct poke {
    pthread_t target;
    bool wake;
    int signal;
};

static void *poke(void *argument)
{
    struct poke *poke = argument;

    doze();
    pthread_kill(poke->target, poke->signal);
    if (poke->wake) {
        doze();
        futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
    return NULL;
}

static long poked_wait(int signal, int flags, bool wake, const struct timespec *time)
{
    struct poke request = {.target = pthread_self(), .wake = wake, .signal = signal};
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

    if (signal == SIGUSR1)
        sigaction(SIGUSR1, &action, NULL);
    handled = 0;
    pthread_t thread = begin(poke, &request);
    long result = futex(&word, FUTEX_WAIT_PRIVATE, 0, time, NULL, 0);
    int error = errno;
    pthread_join(thread, NULL);
    errno = error;
    return result;
}

static void interrupted(void)
{
    const struct timespec second = {.tv_sec = 1}, short_time = {.tv_nsec = 80000000};
    long before;

    expect_error("a handler", poked_wait(SIGUSR1, 0, false, NULL), EINTR);
    expect("    ran", handled, SIGUSR1);
    expect("a handler with SA_RESTART", poked_wait(SIGUSR1, SA_RESTART, true, NULL), 0);
    expect("    ran", handled, SIGUSR1);
    expect_error("the same with a time-out", poked_wait(SIGUSR1, SA_RESTART, false, &second), EINTR);
    before = now_ms(CLOCK_MONOTONIC);
    expect_error("an ignored signal", poked_wait(SIGWINCH, 0, false, &short_time), ETIMEDOUT);
    expect("    does not prolong it", now_ms(CLOCK_MONOTONIC) - before < 1000, 1);
}

int main(void)
{
    errors();
    wake_operations();
    wake_two_words();
    timed("wait, from now", FUTEX_WAIT_PRIVATE, CLOCK_MONOTONIC, false);
    timed("wait, absolute", FUTEX_WAIT_BITSET_PRIVATE, CLOCK_MONOTONIC, true);
    timed("wait, absolute, real time", FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, CLOCK_REALTIME, true);
    waking();
    between_processes();
    interrupted();
    return finish();
}
