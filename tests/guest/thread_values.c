/* SPDX-License-Identifier: MIT */
/* thread_values.c - values of a thread's own under keys, what happens to them at its end, and what is done once for all threads. */
#include <limits.h>

#include "answers.h"

static void *number(long value)
{
    return (void *)value;
}

/* ---- Keys ---- */

static pthread_key_t keys[PTHREAD_KEYS_MAX + 1];
static atomic_int plain, stubborn, filling, own_value_seen;

static void count_plain(void *value)
{
    plain += (int)(intptr_t)value;
    own_value_seen += pthread_getspecific(keys[value == number(10) ? 0 : 4]) !=
                      NULL; /* gone before its destructor is called */
}

/* Never satisfied: sets its value again each time. */
static void set_again(void *value)
{
    stubborn++;
    pthread_setspecific(keys[1], value);
}

/* Gives another key a value, whose destructor must then run as well. */
static void set_another(void *value)
{
    filling++;
    pthread_setspecific(keys[0], value);
}

static void *with_values(void *how)
{
    pthread_setspecific(keys[4], number(1));
    pthread_setspecific(keys[1], number(2));
    pthread_setspecific(keys[2], number(10));
    pthread_setspecific(keys[3], number(4)); /* without a destructor */
    if (how)
        pthread_exit(NULL);
    return NULL;
}

static void *without_values(void *unused)
{
    pthread_setspecific(keys[0], number(1));
    pthread_setspecific(keys[0], NULL);
    return pthread_getspecific(keys[3]) ? number(1) : unused;
}

static void destructors(void)
{
    void *result;

    say("-- destructors");
    answers("a key", pthread_key_create(&keys[0], count_plain), 0);
    answers("a key", pthread_key_create(&keys[1], set_again), 0);
    answers("a key", pthread_key_create(&keys[2], set_another), 0);
    answers("a key", pthread_key_create(&keys[4], count_plain), 0);
    answers("a key without destructor", pthread_key_create(&keys[3], NULL), 0);
    expect("no value to begin with", (long)(intptr_t)pthread_getspecific(keys[0]), 0);
    answers("set", pthread_setspecific(keys[0], number(77)), 0);
    for (long exits = 0; exits < 2; exits++) {
        plain = stubborn = filling = 0;
        pthread_join(begin(with_values, number(exits)), NULL);
        expect("the plain ones, one of them filled by another", plain, 11);
        expect("the one that fills another", filling, 1);
        expect("the one that sets itself: all rounds", stubborn == PTHREAD_DESTRUCTOR_ITERATIONS, 1);
    }
    plain = stubborn = filling = 0;
    pthread_join(begin(without_values, NULL), &result);
    expect("another thread's values are not seen", (long)(intptr_t)result, 0);
    expect("no value, no destructor", plain + stubborn + filling, 0);
    expect("own values seen by destructors", own_value_seen, 0);
    expect("the first thread's value", (long)(intptr_t)pthread_getspecific(keys[0]), 77);
}

static atomic_int phase;

static void *keep_value(void *unused)
{
    (void)unused;
    pthread_setspecific(keys[0], number(5));
    phase = 1;
    while (phase != 2)
        sched_yield();
    return pthread_getspecific(keys[0]) ? number(1) : NULL; /* the key is a new one now */
}

static void deletion(void)
{
    void *result;
    int made = 0, others = 5;

    say("-- deletion");
    plain = 0;
    pthread_t thread = begin(keep_value, NULL);
    while (phase != 1)
        sched_yield();
    for (int i = 0; i < others; i++)
        answers("delete", pthread_key_delete(keys[i]), 0);
    while (made <= PTHREAD_KEYS_MAX && pthread_key_create(&keys[made], count_plain) == 0)
        made++;
    expect("so many can be made as the limit says", made == PTHREAD_KEYS_MAX, 1);
    answers("one more", pthread_key_create(&keys[made], NULL), EAGAIN);
    for (int i = 0; i < made; i++)
        check_failures += pthread_getspecific(keys[i]) != NULL;
    phase = 2;
    pthread_join(thread, &result);
    expect("a value of the deleted key in another thread", (long)(intptr_t)result, 0);
    expect("its destructor", plain, 0);
    for (int i = 0; i < made; i++)
        check_failures += pthread_key_delete(keys[i]) != 0;
}

static atomic_int most;

static void count_most(void *value)
{
    most += (int)(intptr_t)value;
}

static void *set_all(void *unused)
{
    for (long i = 0; i < PTHREAD_KEYS_MAX; i++)
        pthread_setspecific(keys[i], number(i + 1));
    for (long i = 0; i < PTHREAD_KEYS_MAX; i++)
        if (pthread_getspecific(keys[i]) != number(i + 1))
            return number(1);
    return unused;
}

static void all_keys(void)
{
    void *result;

    for (int i = 0; i < PTHREAD_KEYS_MAX; i++)
        check_failures += pthread_key_create(&keys[i], count_most) != 0;
    pthread_join(begin(set_all, NULL), &result);
    expect("each key has its own value", (long)(intptr_t)result, 0);
    expect("and its destructor got it", most == PTHREAD_KEYS_MAX * (PTHREAD_KEYS_MAX + 1) / 2, 1);
}

/* ---- Once ---- */

static pthread_once_t once = PTHREAD_ONCE_INIT, interrupted = PTHREAD_ONCE_INIT, outer = PTHREAD_ONCE_INIT;
static pthread_barrier_t barrier;
static atomic_int begun, done, too_early, attempts;

static void do_it(void)
{
    begun++;
    doze();
    done++;
}

static void *all_want_it(void *unused)
{
    pthread_barrier_wait(&barrier);
    pthread_once(&once, do_it);
    too_early += done == 0;
    return unused;
}

static void give_up(void)
{
    if (attempts++ == 0) {
        doze();
        pthread_exit(NULL);
    }
}

static void *try_once(void *unused)
{
    pthread_once(&interrupted, give_up);
    return unused;
}

static void do_another(void)
{
    pthread_once(&once, do_it); /* done already: it does not wait for itself */
    attempts++;
}

static void onces(void)
{
    pthread_t threads[2];

    say("-- once");
    pthread_barrier_init(&barrier, NULL, CROWD);
    crowd(all_want_it, NULL);
    expect("done by a crowd", begun, 1);
    expect("gone on before it was done", too_early, 0);
    answers("again", pthread_once(&once, do_it), 0);
    expect("done", begun, 1);
    for (int i = 0; i < 2; i++)
        threads[i] = begin(try_once, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    expect("a thread ended in the middle, the next one did it", attempts, 2);
    pthread_once(&interrupted, give_up);
    expect("and nobody after it", attempts, 2);
    pthread_once(&outer, do_another);
    expect("once within once", attempts, 3);
}

int main(void)
{
    destructors();
    deletion();
    all_keys();
    onces();
    return finish();
}
