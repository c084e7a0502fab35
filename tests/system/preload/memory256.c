/* SPDX-License-Identifier: MIT */
/* memory256.c - for LD_PRELOAD on Linux: sysinfo(2) tells of 256 MiB of memory, as it does in a guest of that size.
 *
 * Some stressors of stress-ng touch half of what is free. */
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#define MEMORY (256UL << 20)

static void limit(unsigned long *bytes)
{
    if (*bytes > MEMORY)
        *bytes = MEMORY;
}

int sysinfo(struct sysinfo *info)
{
    if (syscall(SYS_sysinfo, info) < 0)
        return -1;
    limit(&info->totalram);
    limit(&info->freeram);
    return 0;
}
