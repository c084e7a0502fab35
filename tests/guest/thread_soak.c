/* SPDX-License-Identifier: MIT */
/* thread_soak.c - thread_soak [SECONDS]: two threads hand a turn to and fro by a mutex and a condition variable, then by a bare
 * futex, and others come and go, until the time is over. What is counted must add up; a lost wake-up hangs, and then SIGALRM says so. */
#include "threads.h"

#define LATE 20 /* seconds without any progress */
#define ROUNDS 1000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static long turns, sum;
static _Atomic int word;

static void on_alarm(int number)
{
    static const char text[] = "hangs\n";

    (void)number;
    (void)!write(STDOUT_FILENO, text, sizeof(text) - 1);
    _exit(1);
}

/* Whose turn it is: the parity of `turns`. */
static void *take_turns(void *argument)
{
    for (long mine = (long)argument; mine < 2 * ROUNDS; mine += 2) {
        pthread_mutex_lock(&mutex);
        while (turns != mine)
            pthread_cond_wait(&changed, &mutex);
        turns++;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void *pass_word(void *argument)
{
    const int parity = (int)(long)argument;

    for (int i = 0; i < ROUNDS; i++) {
        int seen;
        while ((seen = atomic_load(&word)) % 2 != parity)
            syscall(SYS_futex, &word, 0 /* WAIT */, seen, NULL, NULL, 0);
        atomic_fetch_add(&word, 1);
        syscall(SYS_futex, &word, 1 /* WAKE */, 1, NULL, NULL, 0);
    }
    return NULL;
}

static void *add(void *argument)
{
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&mutex);
        sum += (long)argument;
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void two(void *(*body)(void *))
{
    pthread_t one = begin(body, (void *)0L), other = begin(body, (void *)1L);

    pthread_join(one, NULL);
    pthread_join(other, NULL);
}

int main(int argc, char **argv)
{
    time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 1);
    bool right = true;

    signal(SIGALRM, on_alarm);
    do {
        alarm(LATE);
        turns = sum = 0;
        word = 0;
        two(take_turns);
        two(pass_word);
        two(add);
        right &= turns == 2 * ROUNDS && word == 2 * ROUNDS && sum == ROUNDS;
    } while (right && time(NULL) < end);
    expect("all that was counted adds up", right, true);

    alarm(60);
    for (int i = 0; i < ROUNDS; i++)
        pthread_join(begin(add, NULL), NULL);
    say("%d threads created and joined, one after the other", ROUNDS);
    return finish();
}
