/* SPDX-License-Identifier: MIT */
/* cpuset.c - sets of CPUs as wholes; single members are <sched.h>'s own. A set may be larger or smaller than a cpu_set_t, but consists of
 * words, as the kernel wants it. */
#include <sched.h>
#include <string.h>

/* Not as the array, which has a size of its own. */
static const unsigned long *words_of(const cpu_set_t *set)
{
    return set->__words;
}

void __cpu_zero(size_t size, cpu_set_t *set)
{
    memset(set, 0, size);
}

int __cpu_count(size_t size, const cpu_set_t *set)
{
    int count = 0;

    for (size_t word = 0; word < size / sizeof(long); word++)
        for (unsigned long left = words_of(set)[word]; left != 0; left &= left - 1)
            count++;
    return count;
}

int __cpu_equal(size_t size, const cpu_set_t *one, const cpu_set_t *other)
{
    return memcmp(one, other, size) == 0;
}

#define COMBINE(name, operator)                                                                              \
    void name(size_t size, cpu_set_t *to, const cpu_set_t *one, const cpu_set_t *other)                      \
    {                                                                                                        \
        unsigned long *words = to->__words;                                                                  \
                                                                                                             \
        for (size_t word = 0; word < size / sizeof(long); word++)                                            \
            words[word] = words_of(one)[word] operator words_of(other)[word];                                \
    }
COMBINE(__cpu_and, &)
COMBINE(__cpu_or, |)
COMBINE(__cpu_xor, ^)
