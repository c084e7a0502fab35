/* SPDX-License-Identifier: MIT */
/* thread_named.c - semaphores with a name: opening, closing and removing them, one address for one semaphore, several processes and
 * threads that open, make and use them at once. What else a semaphore does: thread_objects.c. */
#include <fcntl.h>
#include <limits.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "answers.h"

static char name[32], second[40]; /* several of these programs may run at once */

static sem_t *make(unsigned int value)
{
    sem_t *made = sem_open(name, O_CREAT | O_EXCL, 0600, value);

    expect("made", made != SEM_FAILED, 1);
    return made;
}

static long opened(const sem_t *semaphore)
{
    return semaphore == SEM_FAILED ? -1 : 0;
}

static long value_of(sem_t *semaphore)
{
    int value = -1;

    sem_getvalue(semaphore, &value);
    return value;
}

static void names(void)
{
    static const char *const bad[] = {"", "/", "//", "/a/b", "a/"};
    char longest[NAME_MAX + 3], text[64];

    say("-- names");
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        snprintf(text, sizeof(text), "\"%s\"", bad[i]);
        expect_error(text, opened(sem_open(bad[i], O_CREAT, 0600, 0)), EINVAL);
    }
    memset(longest, 'x', sizeof(longest));
    longest[0] = '/';
    longest[NAME_MAX + 2] = '\0';
    expect("too long", opened(sem_open(longest, 0)), -1); /* glibc has other errors than POSIX */
    expect("too long, unlink", sem_unlink(longest), -1);
    expect_error("nobody", opened(sem_open(name, 0)), ENOENT);
    expect_error("nobody, unlink", sem_unlink(name), ENOENT);
    expect_error("too large a value", opened(sem_open(name, O_CREAT, 0600, SEM_VALUE_MAX + 1U)), EINVAL);
    expect_error("which made nothing", opened(sem_open(name, 0)), ENOENT);
}

static void opening(void)
{
    say("-- opening");
    sem_t *one = make(3);
    expect("value", value_of(one), 3);
    expect_error("made again", opened(sem_open(name, O_CREAT | O_EXCL, 0600, 3)), EEXIST);
    sem_t *same = sem_open(name, O_CREAT, 0600, 9);
    expect("opened again, one address", same == one, 1);
    expect("value", value_of(one), 3);
    sem_wait(one);
    expect("sem_close", sem_close(one), 0);
    expect("still here", value_of(one), 2);
    expect("sem_unlink", sem_unlink(name), 0);
    expect_error("no longer to be opened", opened(sem_open(name, 0)), ENOENT);
    sem_t *other = make(5);
    expect("another one", other != one, 1);
    expect("values", value_of(one) * 10 + value_of(other), 25);
    expect("sem_unlink", sem_unlink(name), 0);
    expect("sem_close", sem_close(one), 0);
    expect("the other is still here", value_of(other), 5);
    expect("sem_close", sem_close(other), 0);
    one = make(0);
    other = sem_open(name + 1, 0); /* without the slash; of one address, but not with glibc */
    sem_post(other);
    expect("sem_close", sem_close(other), 0);
    expect("posted there", value_of(one), 1);
    expect("sem_close", sem_close(one), 0);
    expect("sem_unlink", sem_unlink(name), 0);
    one = make(SEM_VALUE_MAX);
    expect_error("one more than the most", sem_post(one), EOVERFLOW);
    sem_close(one);
    sem_unlink(name);
}

/* ---- Two processes, which have only the name in common ---- */

static int play_other_side(void)
{
    sem_t *there = sem_open(name, 0), *here = sem_open(second, 0);

    if (there == SEM_FAILED || here == SEM_FAILED)
        return 1;
    for (int i = 0; i < ROUNDS; i++) {
        sem_wait(there);
        sem_post(here);
    }
    return sem_close(there) == 0 && sem_close(here) == 0 ? 0 : 2;
}

static void two_processes(char *program)
{
    int status = -1;

    say("-- two processes");
    sem_t *there = make(0), *here = sem_open(second, O_CREAT, 0600, 0);
    char number[16];
    snprintf(number, sizeof(number), "%d", (int)getpid());
    pid_t child = fork();
    if (child == 0) {
        execl(program, program, number, NULL);
        _exit(9);
    }
    for (int i = 0; i < ROUNDS; i++) {
        sem_post(there);
        sem_wait(here);
    }
    waitpid(child, &status, 0);
    expect("the other one", status, 0);
    expect("left", value_of(there) + value_of(here), 0);
    /* What a child of fork inherits is open in it, and its own to close. */
    child = fork();
    if (child == 0) {
        sem_post(there);
        _exit(sem_open(name, 0) == there && sem_close(there) == 0 && sem_post(there) == 0 ? 0 : 1);
    }
    sem_wait(there);
    sem_wait(there);
    waitpid(child, &status, 0);
    expect("a child that inherits it", status, 0);
    sem_close(there);
    sem_close(here);
    expect("sem_unlink", sem_unlink(name) + sem_unlink(second), 0);
}

/* ---- Many at once ---- */

#define TURNS 20
static struct {
    atomic_int inside, too_many, made, failures;
} * shared;

/* Whoever is first makes it with 1, so never are two inside. */
static void *compete(void *unused)
{
    for (int i = 0; i < TURNS; i++) {
        sem_t *one = sem_open(name, O_CREAT, 0600, 1);

        if (one == SEM_FAILED) {
            shared->failures++;
            continue;
        }
        sem_wait(one);
        shared->too_many += ++shared->inside != 1;
        sched_yield();
        shared->inside--;
        sem_post(one);
        shared->failures += sem_close(one) != 0;
    }
    shared->made += sem_open(second, O_CREAT | O_EXCL, 0600, 1) != SEM_FAILED;
    return unused;
}

static void many(void)
{
    pid_t children[CROWD];

    say("-- many at once");
    for (int i = 0; i < CROWD; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            compete(NULL);
            _exit(0);
        }
    }
    crowd(compete, NULL);
    for (int i = 0; i < CROWD; i++)
        waitpid(children[i], NULL, 0);
    expect("two inside", shared->too_many, 0);
    expect("failures", shared->failures, 0);
    expect("made by one only", shared->made, 1);
    expect("sem_unlink", sem_unlink(second), 0);
    expect("sem_unlink", sem_unlink(name), 0);
}

/* Made and removed by some while others open it: each open gives a semaphore, an old or a new one. */
static void *open_and_remove(void *unused)
{
    for (int i = 0; i < TURNS; i++) {
        sem_t *one = sem_open(name, O_CREAT, 0600, 1);

        if (one == SEM_FAILED) {
            shared->failures++;
            continue;
        }
        shared->failures += sem_post(one) != 0 || sem_wait(one) != 0;
        sem_unlink(name);
        sem_close(one);
    }
    return unused;
}

static void removed_meanwhile(void)
{
    int status = -1;

    say("-- removed meanwhile");
    pid_t child = fork();
    if (child == 0) {
        open_and_remove(NULL);
        _exit(0);
    }
    crowd(open_and_remove, NULL);
    waitpid(child, &status, 0);
    expect("failures", shared->failures, 0);
    sem_unlink(name);
}

int main(int count, char *words[])
{
    snprintf(name, sizeof(name), "/thread_named.%d", count > 1 ? atoi(words[1]) : (int)getpid());
    snprintf(second, sizeof(second), "%s.second", name);
    if (count > 1)
        return play_other_side();
    shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    names();
    opening();
    two_processes(words[0]);
    many();
    removed_meanwhile();
    return finish();
}
