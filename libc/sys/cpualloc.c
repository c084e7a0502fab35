/* SPDX-License-Identifier: MIT */
/* cpualloc.c - sets of CPUs on the heap; apart from the others, with which no program is to get malloc that does not want it. */
#include <sched.h>
#include <stdlib.h>

cpu_set_t *__cpu_alloc(size_t count)
{
    return calloc(1, CPU_ALLOC_SIZE(count));
}

void __cpu_free(cpu_set_t *set)
{
    free(set);
}
