/* SPDX-License-Identifier: MIT */
/* <sched.h> - scheduling, and what clone can give apart; flags and policies are the kernel's. */
#ifndef _SCHED_H
#define _SCHED_H

#include <sys/types.h>
#include <linux/sched.h>
#include <linux/time.h>

#define SCHED_OTHER SCHED_NORMAL

struct sched_param {
    int sched_priority;
};

int clone(int (*function)(void *), void *stack, int flags, void *argument, ...);
int sched_yield(void);
int sched_getcpu(void);
int sched_get_priority_max(int policy);
int sched_get_priority_min(int policy);
int sched_getscheduler(pid_t process);
int sched_setscheduler(pid_t process, int policy, const struct sched_param *parameters);
int sched_getparam(pid_t process, struct sched_param *parameters);
int sched_setparam(pid_t process, const struct sched_param *parameters);
int sched_rr_get_interval(pid_t process, struct timespec *slice);

/* ---- Sets of CPUs: a bit each. Those with _S have `size` bytes; for a CPU behind a set's end nothing
 * happens. */
#define CPU_SETSIZE 1024
typedef struct {
    unsigned long __words[CPU_SETSIZE / 64];
} cpu_set_t;

static inline unsigned long *__cpu_word(size_t cpu, size_t size, const cpu_set_t *set)
{
    return cpu / 8 < size ? (unsigned long *)set + cpu / 64 : NULL;
}

static inline void __cpu_set(size_t cpu, size_t size, cpu_set_t *set)
{
    unsigned long *word = __cpu_word(cpu, size, set);

    if (word)
        *word |= 1UL << cpu % 64;
}

static inline void __cpu_clear(size_t cpu, size_t size, cpu_set_t *set)
{
    unsigned long *word = __cpu_word(cpu, size, set);

    if (word)
        *word &= ~(1UL << cpu % 64);
}

static inline int __cpu_isset(size_t cpu, size_t size, const cpu_set_t *set)
{
    const unsigned long *word = __cpu_word(cpu, size, set);

    return word && *word >> cpu % 64 & 1;
}

void __cpu_zero(size_t size, cpu_set_t *set);
int __cpu_count(size_t size, const cpu_set_t *set);
int __cpu_equal(size_t size, const cpu_set_t *one, const cpu_set_t *other);
void __cpu_and(size_t size, cpu_set_t *to, const cpu_set_t *one, const cpu_set_t *other);
void __cpu_or(size_t size, cpu_set_t *to, const cpu_set_t *one, const cpu_set_t *other);
void __cpu_xor(size_t size, cpu_set_t *to, const cpu_set_t *one, const cpu_set_t *other);
cpu_set_t *__cpu_alloc(size_t count);
void __cpu_free(cpu_set_t *set);

#define CPU_ZERO_S(size, set) __cpu_zero(size, set)
#define CPU_SET_S(cpu, size, set) __cpu_set(cpu, size, set)
#define CPU_CLR_S(cpu, size, set) __cpu_clear(cpu, size, set)
#define CPU_ISSET_S(cpu, size, set) __cpu_isset(cpu, size, set)
#define CPU_COUNT_S(size, set) __cpu_count(size, set)
#define CPU_EQUAL_S(size, one, other) __cpu_equal(size, one, other)
#define CPU_AND_S(size, to, one, other) __cpu_and(size, to, one, other)
#define CPU_OR_S(size, to, one, other) __cpu_or(size, to, one, other)
#define CPU_XOR_S(size, to, one, other) __cpu_xor(size, to, one, other)

#define CPU_ZERO(set) CPU_ZERO_S(sizeof(cpu_set_t), set)
#define CPU_SET(cpu, set) CPU_SET_S(cpu, sizeof(cpu_set_t), set)
#define CPU_CLR(cpu, set) CPU_CLR_S(cpu, sizeof(cpu_set_t), set)
#define CPU_ISSET(cpu, set) CPU_ISSET_S(cpu, sizeof(cpu_set_t), set)
#define CPU_COUNT(set) CPU_COUNT_S(sizeof(cpu_set_t), set)
#define CPU_EQUAL(one, other) CPU_EQUAL_S(sizeof(cpu_set_t), one, other)
#define CPU_AND(to, one, other) CPU_AND_S(sizeof(cpu_set_t), to, one, other)
#define CPU_OR(to, one, other) CPU_OR_S(sizeof(cpu_set_t), to, one, other)
#define CPU_XOR(to, one, other) CPU_XOR_S(sizeof(cpu_set_t), to, one, other)

/* For `count` CPUs, on the heap. NULL: no memory. */
#define CPU_ALLOC_SIZE(count) (((size_t)(count) + 63) / 64 * sizeof(unsigned long))
#define CPU_ALLOC(count) __cpu_alloc(count)
#define CPU_FREE(set) __cpu_free(set)

int sched_setaffinity(pid_t process, size_t size, const cpu_set_t *set);
int sched_getaffinity(pid_t process, size_t size, cpu_set_t *set);

/* ---- Name spaces */
int unshare(int flags);
int setns(int fd, int kinds);

#endif
