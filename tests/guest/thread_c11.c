/* SPDX-License-Identifier: MIT */
/* thread_c11.c - C11's threads: each function, and what each answers. What the objects do is thread_objects.c's. */
#include <threads.h>

#include "check.h"

#define CROWD 4

static mtx_t mutex;
static cnd_t condition;
static once_flag flag = ONCE_FLAG_INIT;
static tss_t key;
static thread_local int own = 1;
static int turn, done_once, destroyed;
static thrd_t first;

static const struct timespec past = {.tv_sec = 1};

static const char *name_of(int answer)
{
    return answer == thrd_success    ? "success"
           : answer == thrd_busy     ? "busy"
           : answer == thrd_timedout ? "timed out"
           : answer == thrd_nomem    ? "no memory"
                                     : "error";
}

static void answers(const char *what, int got, int wanted)
{
    say("%s: %s", what, name_of(got));
    check_failures += got != wanted;
}

static int square(void *number)
{
    own = 2;
    if ((intptr_t)number < 0)
        thrd_exit((int)(intptr_t)number);
    return (int)((intptr_t)number * (intptr_t)number);
}

static int is_first(void *unused)
{
    (void)unused;
    return thrd_equal(thrd_current(), first);
}

static void threads(void)
{
    thrd_t thread;
    int result = 0;

    answers("create", thrd_create(&thread, square, (void *)12), thrd_success);
    answers("join", thrd_join(thread, &result), thrd_success);
    expect("result", result, 144);
    thrd_create(&thread, square, (void *)-5);
    answers("join", thrd_join(thread, &result), thrd_success);
    expect("result of exit", result, -5);
    expect("another thread's own variable", own, 1);
    first = thrd_current();
    expect("this is the first", is_first(NULL) != 0, 1);
    thrd_create(&thread, is_first, NULL);
    thrd_join(thread, &result);
    expect("that is not", result, 0);
    thrd_create(&thread, square, NULL);
    answers("detach", thrd_detach(thread), thrd_success);
    thrd_yield();
    expect("sleep", thrd_sleep(&(struct timespec){.tv_nsec = 1000000}, NULL), 0);
    expect("sleep, no time", thrd_sleep(&(struct timespec){.tv_nsec = 1000000000}, NULL) < -1, 1);
}

static int try(void *unused)
{
    (void)unused;
    return mtx_trylock(&mutex);
}

static int elsewhere(thrd_start_t body)
{
    thrd_t thread;
    int result = -1;

    thrd_create(&thread, body, NULL);
    thrd_join(thread, &result);
    return result;
}

static void mutexes(void)
{
    answers("init", mtx_init(&mutex, mtx_timed), thrd_success);
    answers("lock", mtx_lock(&mutex), thrd_success);
    answers("trylock", elsewhere(try), thrd_busy);
    answers("timedlock", mtx_timedlock(&mutex, &past), thrd_timedout);
    answers("unlock", mtx_unlock(&mutex), thrd_success);
    mtx_destroy(&mutex);
    answers("init recursive", mtx_init(&mutex, mtx_plain | mtx_recursive), thrd_success);
    answers("lock", mtx_lock(&mutex), thrd_success);
    answers("once more", mtx_lock(&mutex), thrd_success);
    answers("unlock", mtx_unlock(&mutex), thrd_success);
    answers("trylock", elsewhere(try), thrd_busy);
    answers("unlock", mtx_unlock(&mutex), thrd_success);
    mtx_destroy(&mutex);
    answers("init", mtx_init(&mutex, mtx_plain), thrd_success);
}

static int take_turn(void *mine)
{
    mtx_lock(&mutex);
    while (turn != (intptr_t)mine)
        cnd_wait(&condition, &mutex);
    turn++;
    cnd_broadcast(&condition);
    mtx_unlock(&mutex);
    return 0;
}

static void conditions(void)
{
    thrd_t crowd[CROWD];

    answers("init", cnd_init(&condition), thrd_success);
    answers("signal to nobody", cnd_signal(&condition), thrd_success);
    mtx_lock(&mutex);
    answers("timedwait", cnd_timedwait(&condition, &mutex, &past), thrd_timedout);
    mtx_unlock(&mutex);
    for (intptr_t i = 0; i < CROWD; i++)
        thrd_create(&crowd[i], take_turn, (void *)(CROWD - 1 - i));
    for (int i = 0; i < CROWD; i++)
        thrd_join(crowd[i], NULL);
    expect("turns", turn, CROWD);
    cnd_destroy(&condition);
}

static void do_once(void)
{
    done_once++;
}

static void destroy(void *value)
{
    destroyed += (int)(intptr_t)value;
}

static int set_value(void *unused)
{
    (void)unused;
    call_once(&flag, do_once);
    return tss_get(key) ? thrd_error : tss_set(key, (void *)21);
}

static void values(void)
{
    answers("a key", tss_create(&key, destroy), thrd_success);
    answers("set", tss_set(key, (void *)1), thrd_success);
    answers("set elsewhere", elsewhere(set_value), thrd_success);
    answers("set elsewhere", elsewhere(set_value), thrd_success);
    expect("destroyed", destroyed, 42);
    expect("own value", (long)(intptr_t)tss_get(key), 1);
    tss_delete(key);
    expect("once", done_once, 1);
}

int main(void)
{
    threads();
    mutexes();
    conditions();
    values();
    return finish();
}
