/* SPDX-License-Identifier: MIT */
/* libc_sched.c - the sets of <sched.h>, the CPUs that a process may run on, and its scheduling, as the C library gives them. What the calls
 * do: thread_cpus.c; what they refuse: errors_processes.c. */
#include <sched.h>

#include "check.h"

#define CPUS (8 * (int)sizeof(cpu_set_t)) /* CPU_SETSIZE is 128 in some versions of musl */
#define MANY 4096

/* ---- Sets ---- */

static void sets(void)
{
    cpu_set_t one, other, result;

    say("-- sets of a fixed size");
    CPU_ZERO(&one);
    CPU_ZERO(&other);
    expect("empty", CPU_COUNT(&one), 0);
    for (int cpu = 0; cpu < CPUS; cpu += 3)
        CPU_SET(cpu, &one);
    for (int cpu = 0; cpu < CPUS; cpu += 5)
        CPU_SET(cpu, &other);
    CPU_SET(CPUS + 3, &one); /* no such place */
    expect("every third", CPU_COUNT(&one), (CPUS + 2) / 3);
    expect("every fifth", CPU_COUNT(&other), (CPUS + 4) / 5);
    expect("the first", !!CPU_ISSET(0, &one), 1);
    expect("the second", !!CPU_ISSET(1, &one), 0);
    expect("the last", !!CPU_ISSET(CPUS - 1, &one), 1);
    expect("one behind the end", !!CPU_ISSET(CPUS, &one), 0);
    CPU_AND(&result, &one, &other);
    expect("in both", CPU_COUNT(&result), (CPUS + 14) / 15);
    CPU_OR(&result, &one, &other);
    expect("in one at least", CPU_COUNT(&result), (CPUS + 2) / 3 + (CPUS + 4) / 5 - (CPUS + 14) / 15);
    CPU_XOR(&result, &result, &other);
    CPU_CLR(0, &one);
    CPU_SET(0, &one);
    CPU_AND(&other, &one, &other);
    CPU_OR(&result, &result, &other);
    expect("and back", CPU_EQUAL(&result, &one), 1);
    CPU_CLR(3, &one);
    expect("without one", CPU_EQUAL(&result, &one), 0);
    expect("so many are left", CPU_COUNT(&one), (CPUS + 2) / 3 - 1);
}

static void large_sets(void)
{
    size_t size = CPU_ALLOC_SIZE(MANY);
    cpu_set_t *one = CPU_ALLOC(MANY), *other = CPU_ALLOC(MANY);

    say("-- larger ones");
    expect("size", (long)size, MANY / 8);
    expect("size for one", (long)CPU_ALLOC_SIZE(1), 8);
    expect("size for 65", (long)CPU_ALLOC_SIZE(65), 16);
    CPU_ZERO_S(size, one);
    CPU_ZERO_S(size, other);
    for (int cpu = 0; cpu < MANY; cpu += 2)
        CPU_SET_S(cpu, size, one);
    CPU_SET_S(MANY - 1, size, other);
    CPU_SET_S(MANY, size, other); /* no such place */
    expect("one of them", CPU_COUNT_S(size, other), 1);
    CPU_OR_S(size, one, one, other);
    expect("half of them, and one", CPU_COUNT_S(size, one), MANY / 2 + 1);
    expect("the last", !!CPU_ISSET_S(MANY - 1, size, one), 1);
    CPU_AND_S(size, one, one, other);
    expect("equal", CPU_EQUAL_S(size, one, other), 1);
    CPU_CLR_S(MANY - 1, size, one);
    expect("no longer", CPU_EQUAL_S(size, one, other), 0);
    CPU_XOR_S(size, one, one, one);
    expect("empty", CPU_COUNT_S(size, one), 0);
    CPU_FREE(one);
    CPU_FREE(other);
}

/* ---- Where a process runs ---- */

static void affinity(void)
{
    cpu_set_t allowed, one;
    size_t size = CPU_ALLOC_SIZE(MANY);
    cpu_set_t *large = CPU_ALLOC(MANY);

    say("-- the CPUs of a process");
    memset(&allowed, 0xff, sizeof(allowed));
    expect("sched_getaffinity", sched_getaffinity(0, sizeof(allowed), &allowed), 0);
    expect("some, and the rest is clear", CPU_COUNT(&allowed) > 0 && CPU_COUNT(&allowed) < CPUS, 1);
    expect("this one is of them", !!CPU_ISSET(sched_getcpu(), &allowed), 1);
    memset(large, 0xff, size);
    expect("into a large set", sched_getaffinity(getpid(), size, large), 0);
    expect("as many", CPU_COUNT_S(size, large) == CPU_COUNT(&allowed), 1);
    CPU_ZERO(&one);
    expect_error("none at all", sched_setaffinity(0, sizeof(one), &one), EINVAL);
    CPU_SET(sched_getcpu(), &one);
    expect("one only", sched_setaffinity(0, sizeof(one), &one), 0);
    expect("that one", !!CPU_ISSET(sched_getcpu(), &one), 1);
    expect("asked for", sched_getaffinity(0, sizeof(one), &one), 0);
    expect("one", CPU_COUNT(&one), 1);
    expect("all that there were", sched_setaffinity(0, sizeof(allowed), &allowed), 0);
    expect_error("into a set that is too small", sched_getaffinity(0, 4, &one), EINVAL);
    expect_error("of nobody", sched_getaffinity(1 << 22, sizeof(one), &one), ESRCH);
    CPU_FREE(large);
}

/* ---- How it runs; musl refuses to say, as it would have to speak for all threads of the process ---- */

static void policy(void)
{
    struct sched_param parameters = {.sched_priority = 77};
    struct timespec slice = {-1, -1};

    say("-- policy");
    expect("sched_rr_get_interval", sched_rr_get_interval(0, &slice), 0);
    expect("a time", slice.tv_sec >= 0 && slice.tv_nsec >= 0 && slice.tv_nsec < 1000000000, 1);
    expect_error("of nobody", sched_rr_get_interval(1 << 22, &slice), ESRCH);
    if (sched_getparam(0, &parameters) == -1 && errno == ENOSYS)
        return;
    expect("its priority", parameters.sched_priority, 0);
    expect("its policy", sched_getscheduler(0), SCHED_OTHER);
    expect("once more", sched_setparam(0, &parameters), 0);
    parameters.sched_priority = 1;
    expect_error("a priority", sched_setparam(0, &parameters), EINVAL);
    expect_error("a policy without its priority", sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){0}),
                 EINVAL);
    expect_error("of nobody", sched_getparam(1 << 22, &parameters), ESRCH);
}

int main(void)
{
    sets();
    large_sets();
    affinity();
    policy();
    return finish();
}
