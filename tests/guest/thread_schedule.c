/* SPDX-License-Identifier: MIT */
/* thread_schedule.c - the CPUs of a thread, its policy and priority, asked by itself and by others. That it really runs there: thread_cpus.c. */
#include "answers.h"

static pthread_barrier_t barrier;

static void *stay(void *unused)
{
    pthread_barrier_wait(&barrier); /* it is there */
    pthread_barrier_wait(&barrier); /* and may go */
    return unused;
}

static pthread_t begin_staying(void)
{
    pthread_t thread = begin(stay, NULL);

    pthread_barrier_wait(&barrier);
    return thread;
}

static void end_staying(pthread_t thread)
{
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
}

static int same_cpus(pthread_t thread, const cpu_set_t *wanted)
{
    cpu_set_t found;

    memset(&found, 0xff, sizeof(found));
    answers("its CPUs", pthread_getaffinity_np(thread, sizeof(found), &found), 0);
    return CPU_EQUAL(&found, wanted);
}

static pthread_t first;

static void *set_main(void *set)
{
    return (void *)(intptr_t)pthread_setaffinity_np(first, sizeof(cpu_set_t), set);
}

static void affinity(void)
{
    cpu_set_t all, one, none;

    say("-- CPUs");
    CPU_ZERO(&none);
    answers("of the first thread, before there is another", pthread_getaffinity_np(first, sizeof(all), &all),
            0);
    expect("some, and the rest is clear", CPU_COUNT(&all) > 0 && CPU_COUNT(&all) < 1024, 1);
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    pthread_t other = begin_staying();
    expect("those of its maker", same_cpus(other, &all), 1);
    answers("one only for the other", pthread_setaffinity_np(other, sizeof(one), &one), 0);
    expect("it has that", same_cpus(other, &one), 1);
    expect("the first has all", same_cpus(first, &all), 1);
    answers("none", pthread_setaffinity_np(other, sizeof(none), &none), EINVAL);
    answers("into a set that is too small", pthread_getaffinity_np(other, 4, &none), EINVAL);
    end_staying(other);
    answers("another sets the first", elsewhere(set_main, &one), 0);
    expect("it has that", same_cpus(first, &one), 1);
    other = begin_staying();
    expect("a new thread, too", same_cpus(other, &one), 1);
    end_staying(other);
    answers("all again", pthread_setaffinity_np(first, sizeof(all), &all), 0);
}

static void policy(void)
{
    struct sched_param parameters = {.sched_priority = 77};
    int found = 77;

    say("-- policy");
    pthread_t other = begin_staying();
    answers("pthread_getschedparam", pthread_getschedparam(other, &found, &parameters), 0);
    expect("policy", found, SCHED_OTHER);
    expect("priority", parameters.sched_priority, 0);
    answers("the same again", pthread_setschedparam(other, SCHED_OTHER, &parameters), 0);
    answers("of oneself", pthread_setschedparam(pthread_self(), SCHED_OTHER, &parameters), 0);
    answers("pthread_setschedprio", pthread_setschedprio(other, 0), 0);
    answers("a priority that the policy has not", pthread_setschedprio(other, 1), EINVAL);
    parameters.sched_priority = 100;
    answers("one that none has", pthread_setschedparam(other, SCHED_RR, &parameters), EINVAL);
    parameters.sched_priority = 0;
    answers("no such policy", pthread_setschedparam(other, 99, &parameters), EINVAL);
    end_staying(other);
    answers("concurrency of none", pthread_setconcurrency(-1), EINVAL);
    answers("nothing special", pthread_setconcurrency(0), 0);
    expect("as it was", pthread_getconcurrency(), 0);
}

static void *end(void *unused)
{
    return unused;
}

/* Joinable, so it is still known here. (Its CPUs would be the caller's with musl and glibc.) */
static void ended(void)
{
    struct sched_param parameters = {0};
    int found;
    pthread_t thread = begin(end, NULL);

    say("-- a thread that has ended");
    while (pthread_kill(thread, 0) == 0 && pthread_getschedparam(thread, &found, &parameters) == 0)
        sched_yield();
    answers("pthread_getschedparam", pthread_getschedparam(thread, &found, &parameters), ESRCH);
    answers("pthread_setschedparam", pthread_setschedparam(thread, SCHED_OTHER, &parameters), ESRCH);
    answers("pthread_setschedprio", pthread_setschedprio(thread, 0), ESRCH);
    pthread_join(thread, NULL);
}

int main(void)
{
    pthread_barrier_init(&barrier, NULL, 2);
    first = pthread_self();
    affinity();
    policy();
    ended();
    return finish();
}
